// A localStorage that lasts as long as the process.

/** @import { KeyValueStore } from "../../frontend/live/types.js" */

/** @implements {KeyValueStore} */
export class MemoryStore {
  /** @type {Map<string, string>} */
  #values = new Map();

  get length() {
    return this.#values.size;
  }

  /**
   * Return a key; their order is not that of writing, as browsers do not promise it either.
   *
   * @param {number} index
   */
  key(index) {
    return [...this.#values.keys()].sort()[index] ?? null;
  }

  /** @param {string} key */
  getItem(key) {
    return this.#values.get(key) ?? null;
  }

  /**
   * @param {string} key
   * @param {string} value
   */
  setItem(key, value) {
    this.#values.set(key, value);
  }

  /** @param {string} key */
  removeItem(key) {
    this.#values.delete(key);
  }
}
