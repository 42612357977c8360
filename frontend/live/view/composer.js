// The form in which a message is written, with the lines that say why it cannot be sent just now.

import { t } from "../../i18n.js";
import { countCharacters, describeRoom } from "../body.js";
import { addMention } from "../mentions.js";
import { find } from "./dom.js";

/** @import { Draft } from "../draft.js" */

/** The key code of a key press that belongs to an input method. */
const INPUT_METHOD = 229;

export class Composer {
  #form = /** @type {HTMLFormElement} */ (find("composer"));
  #text = /** @type {HTMLTextAreaElement} */ (find("body"));
  #refusal = find("refusal");
  #pace = find("pace");
  #room = find("room");
  #limit = Number(this.#text.dataset.maxLength);
  #draft;

  /** @param {Draft} draft */
  constructor(draft) {
    this.#draft = draft;
    // After a refused form the server gives the text back, and that one is newer.
    this.#write(this.#text.value || draft.text);
    this.#text.addEventListener("input", () => this.#onInput());
  }

  /**
   * Call `send` with each message that is written; it returns false while it takes no other.
   *
   * @param {(body: string) => boolean} send
   */
  onSubmit(send) {
    /** @param {Event} event */
    const submit = (event) => {
      event.preventDefault();
      this.#submit(send);
    };
    this.#form.addEventListener("submit", submit);
    this.#text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !isComposing(event)) submit(event);
    });
  }

  /** The field in which a message is written. */
  get field() {
    return this.#text;
  }

  /**
   * Put the text of a refused message back and say why it was refused. Return false, and do nothing,
   * while something else is being written or the form is away.
   *
   * @param {string} body
   * @param {string} reason
   */
  giveBack(body, reason) {
    if (this.#text.value || this.#form.hidden) return false;
    this.#showRefusal(reason);
    this.#write(body);
    return true;
  }

  /**
   * Address a person in the message that is being written.
   *
   * @param {string} name
   */
  mention(name) {
    this.#write(addMention(this.#text.value, name));
    this.#text.focus();
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

  /** @param {(body: string) => boolean} send */
  #submit(send) {
    const body = this.#text.value.trim();
    const length = countCharacters(body);
    if (length > this.#limit) {
      this.#showRefusal(
        t("Use at most {limit} characters: this has {length}.", { limit: this.#limit, length }),
      );
      return;
    }
    if (!body || !send(body)) return;
    this.#showRefusal("");
    this.#write("");
  }

  /** @param {string} text */
  #write(text) {
    this.#text.value = text;
    this.#onInput();
  }

  #onInput() {
    const { value } = this.#text;
    this.#draft.save(value);
    this.#room.textContent = describeRoom(value, this.#limit);
    this.#room.hidden = !this.#room.textContent;
    this.#grow();
  }

  /** Make the field as high as its text; the style sheet sets the limits. */
  #grow() {
    const field = this.#text;
    // Measuring takes a low field. The log must not have its place meanwhile: it would be scrolled by that.
    this.#form.style.minHeight = `${this.#form.offsetHeight}px`;
    field.style.height = "auto";
    if (field.value) field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
    this.#form.style.minHeight = "";
  }

  /** @param {string} text */
  #showRefusal(text) {
    this.#refusal.textContent = text;
    this.#refusal.hidden = !text;
  }
}

/**
 * Return whether Enter confirms a word of an input method, as for Japanese. Safari ends the composition
 * before that key press, which then only its key code gives away.
 *
 * @param {KeyboardEvent} event
 */
function isComposing(event) {
  return event.isComposing || event.keyCode === INPUT_METHOD;
}
