// The messages on their way: written here, not yet stored by the server.

import { t } from "../../i18n.js";
import { find, findIn } from "./dom.js";
import { buildRow } from "./rows.js";

/**
 * @import { OutboxView, Post, Refusal } from "../types.js"
 * @import { Composer } from "./composer.js"
 * @import { Scroller } from "./scroller.js"
 */

/** @implements {OutboxView} */
export class PendingList {
  #list = find("pending");
  #author;
  #scroller;
  #composer;
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();

  /**
   * @param {object} parts
   * @param {{ author: string, department: string }} parts.author the viewer, as messages name authors
   * @param {Scroller} parts.scroller
   * @param {Composer} parts.composer gets the text of a refused message back
   */
  constructor({ author, scroller, composer }) {
    this.#author = author;
    this.#scroller = scroller;
    this.#composer = composer;
  }

  /** @param {Post} post */
  showPending({ nonce, body, written_at, held }) {
    const row = buildRow({ ...this.#author, body, posted_at: written_at });
    row.classList.add("pending", "own");
    findIn(row, ".message-head").dataset.held = t("waiting for approval");
    row.classList.toggle("held", Boolean(held));
    this.#list.append(row);
    this.#rows.set(nonce, row);
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
  showRefusal({ body }, { message }) {
    this.#composer.giveBack(body, message);
  }
}
