// The form in which a message is written, with the lines that say why it cannot be sent just now.

import { find } from "./dom.js";

export class Composer {
  #form = /** @type {HTMLFormElement} */ (find("composer"));
  #text = /** @type {HTMLTextAreaElement} */ (find("body"));
  #refusal = find("refusal");
  #pace = find("pace");

  /**
   * Call `send` with each message that is written; it returns false while it takes no other.
   *
   * @param {(body: string) => boolean} send
   */
  onSubmit(send) {
    /** @param {Event} event */
    const submit = (event) => {
      event.preventDefault();
      const body = this.#text.value.trim();
      if (!body || !send(body)) return;
      this.#showRefusal("");
      this.#text.value = "";
    };
    this.#form.addEventListener("submit", submit);
    this.#text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
    });
  }

  /**
   * Say why a message was refused, and put its text back unless something else is being written.
   *
   * @param {string} body
   * @param {string} reason
   */
  giveBack(body, reason) {
    this.#showRefusal(reason);
    if (!this.#text.value) this.#text.value = body;
  }

  /** @param {string} sentence "" hides the line */
  showPace(sentence) {
    if (sentence) this.#pace.textContent = sentence;
    this.#pace.hidden = !sentence;
  }

  /** @param {{ open: boolean, approval: boolean }} state */
  showState({ open, approval }) {
    this.#form.hidden = !open;
    find("closed").hidden = open;
    find("approval").hidden = !approval;
  }

  /** @param {string} text */
  #showRefusal(text) {
    this.#refusal.textContent = text;
    this.#refusal.hidden = !text;
  }
}
