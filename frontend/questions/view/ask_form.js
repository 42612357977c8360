// The form that asks a question, and the questions that are on their way.

import { t } from "../../i18n.js";
import { countCharacters, describeRoom } from "../../live/body.js";
import { find, findIn } from "../../live/view/dom.js";
import { markRefused } from "../../live/view/refused.js";

/**
 * @import { Draft } from "../../live/draft.js"
 * @import { EventSettings, OutboxView, Post, Refusal } from "../../live/types.js"
 * @import { Choices } from "../../live/view/refused.js"
 */

/** @implements {OutboxView} */
export class AskForm {
  #box = /** @type {HTMLDetailsElement} */ (find("ask-box"));
  #summary = findIn(this.#box, "summary");
  #form = find("ask");
  #text = /** @type {HTMLTextAreaElement} */ (find("question-body"));
  #anonymous = /** @type {HTMLInputElement} */ (find("anonymous"));
  #refusal = find("ask-refusal");
  #room = find("question-room");
  #pace = find("ask-pace");
  #pending = find("questions-pending");
  #limit = Number(this.#text.dataset.maxLength);
  #draft;
  /** Not empty while the question that is being written asks for no name. */
  #draftAnonymous;
  #choices;
  #notify;
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();

  /**
   * @param {Draft} draft of the text
   * @param {Draft} draftAnonymous of the choice to ask without a name
   * @param {Choices} choices for a refused question that the form cannot take back
   * @param {(text: string) => void} notify
   */
  constructor(draft, draftAnonymous, choices, notify) {
    this.#choices = choices;
    this.#notify = notify;
    this.#draft = draft;
    this.#draftAnonymous = draftAnonymous;
    if (draft.text && draftAnonymous.text) this.#anonymous.checked = true;
    this.#write(this.#text.value || draft.text);
    this.#box.open = Boolean(this.#text.value);
    this.#box.addEventListener("toggle", () => this.#box.open && this.#text.focus());
    this.#text.addEventListener("input", () => this.#onInput());
    this.#anonymous.addEventListener("change", () => this.#onInput());
    this.#box.addEventListener("keydown", ({ key, isComposing }) => {
      if (key === "Escape" && !isComposing) this.#close();
    });
  }

  /** @param {(body: string, anonymous: boolean) => void} send called with each question that is written */
  onSubmit(send) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const body = this.#text.value.trim();
      const length = countCharacters(body);
      if (length > this.#limit)
        return this.#showRefusal(
          t("Use at most {limit} characters: this has {length}.", { limit: this.#limit, length }),
        );
      if (!body) return;
      this.#showRefusal("");
      this.#write("");
      this.#close();
      // Even where the event no longer allows it: the server then refuses the question, which must not
      // appear with the name of somebody who asked for none.
      send(body, this.#anonymous.checked);
    });
  }

  /** @param {Pick<EventSettings, "questions_open" | "hold_questions" | "anonymous_questions">} settings */
  showSettings({ questions_open, hold_questions, anonymous_questions }) {
    this.#form.hidden = !questions_open;
    find("questions-closed").hidden = questions_open;
    find("question-hint").hidden = !hold_questions;
    find("ask-name").hidden = !anonymous_questions;
    this.#anonymous.disabled = !anonymous_questions;
    find("question-list").dataset.open = String(questions_open);
  }

  /** @param {number} seconds until the next question is sent, 0 for none */
  showPace(seconds) {
    this.#pace.textContent = seconds ? t("Your question is sent in {seconds} s.", { seconds }) : "";
    this.#pace.hidden = !seconds;
  }

  /** @param {Post} post */
  showPending({ nonce, body, held, refused }) {
    const entry = document.createElement("li");
    const text = Object.assign(document.createElement("p"), {
      className: "body",
      dir: "auto",
      textContent: body,
    });
    const state = Object.assign(document.createElement("p"), { className: "hint" });
    entry.append(text, state);
    this.#pending.append(entry);
    this.#rows.set(nonce, entry);
    this.#showState(nonce, held ? t("Waiting for approval") : t("Being sent…"));
    if (refused) this.showRefused(nonce, refused);
  }

  /** @param {string} nonce */
  removePending(nonce) {
    this.#rows.get(nonce)?.remove();
    this.#rows.delete(nonce);
  }

  /** @param {string} nonce */
  showHeld(nonce) {
    if (this.#showState(nonce, t("Waiting for approval"))) {
      this.#notify(t("Your question is waiting for approval."));
    }
  }

  showStored() {
    this.#notify(t("Your question is in the list."));
  }

  /**
   * Put the text of a refused question back and say why it was refused, unless another one is being
   * written. Whether it had a name is put back as well; once the event takes no more without one, the next
   * attempt has it.
   *
   * @param {Post} post
   * @param {Refusal} error
   */
  giveBack({ body, fields }, { message }) {
    if (this.#text.value || this.#form.hidden) return false;
    this.#showRefusal(message);
    this.#box.open = true;
    this.#anonymous.checked = Boolean(fields && "anonymous" in fields) && !this.#anonymous.disabled;
    this.#write(body);
    return true;
  }

  /**
   * @param {string} nonce
   * @param {string} reason
   */
  showRefused(nonce, reason) {
    const row = this.#rows.get(nonce);
    if (!row) return;
    findIn(row, ".hint").remove();
    markRefused(row, nonce, reason, this.#choices, () => (this.#box.open ? this.#text : this.#summary));
  }

  /**
   * Show the state of a question and return whether it is a new one: each connection asks again.
   *
   * @param {string} nonce
   * @param {string} text
   */
  #showState(nonce, text) {
    const entry = this.#rows.get(nonce);
    const state = entry && findIn(entry, ".hint");
    if (!state || state.textContent === text) return false;
    state.textContent = text;
    return true;
  }

  /** Close the form; the focus goes to the button that opens it, since the form's own is hidden now. */
  #close() {
    this.#box.open = false;
    this.#summary.focus();
  }

  /** @param {string} text */
  #write(text) {
    this.#text.value = text;
    this.#onInput();
  }

  #onInput() {
    this.#draft.save(this.#text.value);
    this.#draftAnonymous.save(this.#text.value && this.#anonymous.checked ? "1" : "");
    this.#room.textContent = describeRoom(this.#text.value, this.#limit);
    this.#room.hidden = !this.#room.textContent;
  }

  /** @param {string} text */
  #showRefusal(text) {
    this.#refusal.textContent = text;
    this.#refusal.hidden = !text;
  }
}
