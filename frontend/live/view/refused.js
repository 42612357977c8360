// A text that the server refused while its author was writing another one: why, and what to do with it.

import { t } from "../../i18n.js";
import { makeNonce } from "./browser.js";

/** @import { Outbox } from "../outbox.js" */
/** @typedef {{ retry: (nonce: string) => void, discard: (nonce: string) => void }} Choices */

/**
 * Return the choices for the texts of an outbox, which is made after its view.
 *
 * @param {() => Outbox} outbox
 * @returns {Choices}
 */
export function choicesOf(outbox) {
  return {
    retry: (nonce) => outbox().retry(nonce, makeNonce()),
    discard: (nonce) => outbox().discard(nonce),
  };
}

/**
 * Show in the row of a text that it was not sent.
 *
 * @param {HTMLElement} row
 * @param {string} nonce
 * @param {string} reason
 * @param {Choices} choices
 * @param {() => HTMLElement} next finds the element that gets the focus once the row is gone
 */
export function markRefused(row, nonce, reason, choices, next) {
  row.classList.remove("held");
  row.classList.add("refused");
  const box = document.createElement("div");
  box.className = "refusal";
  const text = document.createElement("p");
  text.className = "error";
  text.role = "alert";
  text.textContent = t("Not sent: {reason}", { reason });
  box.append(text, button(t("Send again"), choices.retry), button(t("Discard"), choices.discard));
  row.append(box);

  /**
   * @param {string} name
   * @param {(nonce: string) => void} act
   */
  function button(name, act) {
    const element = document.createElement("button");
    Object.assign(element, { type: "button", className: "small", textContent: name });
    element.addEventListener("click", () => {
      next().focus();
      act(nonce);
    });
    return element;
  }
}
