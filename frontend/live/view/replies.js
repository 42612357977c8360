// Answering a message: one button, which stands in the row under the mouse or the focus, or in the one that
// was tapped, until the next tap. By keyboard the arrow keys move through the messages from the log, R answers, Escape goes back to the log.

import { t } from "../../i18n.js";
import { drawIcon } from "../../icon.js";
import { find } from "./dom.js";

const STEPS = new Map([
  ["ArrowUp", -1],
  ["ArrowDown", 1],
]);

/** @param {(name: string) => void} reply */
export function offerReplies(reply) {
  const log = find("log");
  const list = find("messages");
  const button = buildButton();

  /** @param {EventTarget | null} target */
  const rowOf = (target) =>
    /** @type {HTMLElement | null} */ (
      target instanceof Element ? target.closest("#messages > .message:not(.own)") : null
    );
  /** @param {Element | null} row */
  const nameIn = (row) => row?.querySelector(".author")?.textContent ?? "";

  /** @param {EventTarget | null} target */
  function showIn(target) {
    const row = rowOf(target);
    if (!row || row.contains(button)) return;
    button.setAttribute("aria-label", t("Reply to {name}", { name: nameIn(row) }));
    row.append(button);
  }

  // A finger that scrolls is over rows as well.
  list.addEventListener(
    "pointerover",
    ({ target, pointerType }) => pointerType !== "touch" && showIn(target),
  );
  list.addEventListener("focusin", ({ target }) => showIn(target));
  document.addEventListener("click", ({ target }) => {
    if (!rowOf(target)?.contains(button)) button.remove();
    showIn(target);
  });
  button.addEventListener("click", () => {
    const name = nameIn(rowOf(button));
    button.remove();
    reply(name);
  });
  log.addEventListener("keydown", (event) => {
    const current = document.activeElement;
    const step = STEPS.get(event.key);
    if (step && (current === log || current?.parentElement === list)) {
      if (focusRow(current === log ? list.lastElementChild : neighbour(current, step)))
        event.preventDefault();
    } else if (current?.parentElement !== list) return;
    else if (event.key === "r" && rowOf(current)) {
      event.preventDefault();
      reply(nameIn(current));
    } else if (event.key === "Escape") log.focus({ preventScroll: true });
  });
}

function buildButton() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "reply quiet small";
  // Reached by R: thousands of stops of the Tab key would stand between the log and the composer.
  button.tabIndex = -1;
  button.append(drawIcon("reply"));
  return button;
}

/**
 * @param {Element | null} row
 * @param {number} step
 */
function neighbour(row, step) {
  return (step < 0 ? row?.previousElementSibling : row?.nextElementSibling) ?? null;
}

/**
 * Move the focus to a row and return whether there is one.
 *
 * @param {Element | null} row
 */
function focusRow(row) {
  if (!(row instanceof HTMLElement)) return false;
  row.tabIndex = -1;
  row.focus();
  return true;
}
