// Announces new messages to screen readers: each one while they come slowly, their number when many come
// together, and nothing when the viewer has switched it off. Own messages are confirmed, not read again.

import { t, tn } from "../i18n.js";

/**
 * @import { Clock, KeyValueStore, Message } from "./types.js"
 */

/** Messages within this time are announced together. */
const TOGETHER_MS = 3_000;
const KEY = "townhall:announce";

export class Announcer {
  #clock;
  #storage;
  #viewer;
  #say;
  /** @type {Message[]} */
  #waiting = [];
  /** @type {unknown} */
  #timer;

  /**
   * @param {object} parts
   * @param {Clock} parts.clock
   * @param {Pick<KeyValueStore, "getItem" | "setItem">} parts.storage remembers the switch
   * @param {number} parts.viewer the viewer's id
   * @param {(text: string) => void} parts.say fills the live region
   */
  constructor({ clock, storage, viewer, say }) {
    this.#clock = clock;
    this.#storage = storage;
    this.#viewer = viewer;
    this.#say = say;
  }

  /** Whether the messages of others are announced. */
  get enabled() {
    try {
      return this.#storage.getItem(KEY) !== "off";
    } catch {
      return true;
    }
  }

  set enabled(enabled) {
    this.#waiting = [];
    try {
      this.#storage.setItem(KEY, enabled ? "on" : "off");
    } catch {
      // The storage is full or forbidden: the switch goes back with the next page.
    }
  }

  /**
   * Announce messages that have just come.
   *
   * @param {Message[]} messages
   */
  announce(messages) {
    const own = messages.some(({ author_id }) => author_id === this.#viewer);
    const others = messages.filter(({ author_id }) => author_id !== this.#viewer);
    if (own) this.#say(t("Your message was sent."));
    if (!others.length || !this.enabled) return;
    this.#waiting.push(...others);
    this.#timer ??= this.#clock.setTimeout(() => this.#flush(), TOGETHER_MS);
  }

  #flush() {
    const messages = this.#waiting;
    this.#waiting = [];
    this.#timer = undefined;
    if (!messages.length) return;
    const [{ author, body }] = messages;
    this.#say(
      messages.length === 1
        ? t("{author}: {body}", { author, body })
        : tn("{count} new message", "{count} new messages", messages.length),
    );
  }
}
