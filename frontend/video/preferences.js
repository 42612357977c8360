// The viewer's choices for the video, remembered for the next event.

/** @import { KeyValueStore } from "./types.js" */

const PREFIX = "townhall:video:";

export class Preferences {
  #storage;

  /** @param {KeyValueStore} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  /** @param {"sound" | "volume" | "language" | "captions"} name */
  get(name) {
    return this.#storage.getItem(PREFIX + name) ?? "";
  }

  /**
   * @param {"sound" | "volume" | "language" | "captions"} name
   * @param {string} value
   */
  set(name, value) {
    try {
      this.#storage.setItem(PREFIX + name, value);
    } catch {
      // No room, or private mode: the choice lasts as long as the page.
    }
  }
}

/** @returns {KeyValueStore} the browser's storage, or one that keeps nothing where it is forbidden */
export function openStorage() {
  try {
    return localStorage;
  } catch {
    return { getItem: () => null, setItem: () => {} };
  }
}
