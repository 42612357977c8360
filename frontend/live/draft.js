// The draft: what is being typed, kept over a reload of the tab until it is sent.

/** @import { KeyValueStore } from "./types.js" */

export class Draft {
  #storage;
  #key;

  /**
   * @param {Pick<KeyValueStore, "getItem" | "setItem" | "removeItem">} storage of this tab alone: two tabs
   *   have two drafts
   * @param {string} owner event and viewer, whose draft nobody else gets to see
   */
  constructor(storage, owner) {
    this.#storage = storage;
    this.#key = `townhall:draft:${owner}`;
  }

  /** The text that was typed before the reload, "" for none. */
  get text() {
    try {
      return this.#storage.getItem(this.#key) ?? "";
    } catch {
      return "";
    }
  }

  /** @param {string} text */
  save(text) {
    try {
      if (text) this.#storage.setItem(this.#key, text);
      else this.#storage.removeItem(this.#key);
    } catch {
      // The storage is full or forbidden: the draft lasts as long as the page.
    }
  }
}
