// The messages on their way: written here, not yet stored by the server.

import { t } from "../../i18n.js";
import { find, findIn } from "./dom.js";
import { markRefused } from "./refused.js";
import { buildRow } from "./rows.js";

/**
 * @import { OutboxView, Post, Refusal } from "../types.js"
 * @import { Composer } from "./composer.js"
 * @import { Choices } from "./refused.js"
 * @import { Scroller } from "./scroller.js"
 */

/** @implements {OutboxView} */
export class PendingList {
  #list = find("pending");
  #author;
  #scroller;
  #composer;
  #choices;
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();

  /**
   * @param {object} parts
   * @param {{ author: string, department: string }} parts.author the viewer, as messages name authors
   * @param {Scroller} parts.scroller
   * @param {Composer} parts.composer gets the text of a refused message back
   * @param {Choices} parts.choices for a refused message that it cannot take back
   */
  constructor({ author, scroller, composer, choices }) {
    this.#author = author;
    this.#scroller = scroller;
    this.#composer = composer;
    this.#choices = choices;
  }

  /** @param {Post} post */
  showPending({ nonce, body, written_at, held, refused }) {
    const row = buildRow({ ...this.#author, body, posted_at: written_at });
    row.classList.add("pending", "own");
    findIn(row, ".message-head").dataset.held = t("waiting for approval");
    row.classList.toggle("held", Boolean(held));
    this.#list.append(row);
    this.#rows.set(nonce, row);
    if (refused) this.showRefused(nonce, refused);
    this.#scroller.scrollToEnd();
  }

  /** @param {string} nonce */
  removePending(nonce) {
    this.#rows.get(nonce)?.remove();
    this.#rows.delete(nonce);
  }

  /** @param {string} nonce */
  showHeld(nonce) {
    this.#rows.get(nonce)?.classList.add("held");
  }

  /**
   * @param {Post} post
   * @param {Refusal} error
   */
  giveBack({ body }, { message }) {
    return this.#composer.giveBack(body, message);
  }

  /**
   * @param {string} nonce
   * @param {string} reason
   */
  showRefused(nonce, reason) {
    const row = this.#rows.get(nonce);
    if (!row) return;
    markRefused(row, nonce, reason, this.#choices, () => this.#composer.field);
    this.#scroller.scrollToEnd();
  }
}
