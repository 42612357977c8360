// The messages that the page shows: the latest 200, each once, in the order of their ids.
//
// The log also knows where to resume after a disconnect. Ids are assigned when a transaction inserts
// and become visible when it commits, so a message may appear after one with a higher id. That takes
// milliseconds, in trouble seconds. Below the id that was the highest half a minute before the last
// message came, nothing is still to come: the page asks again from there, and drops repeats.

/**
 * @import { Clock, LogChange, Message } from "./types.js"
 */

/** A longer list slows the browser down. */
export const KEPT = 200;
const SETTLED_MS = 30_000;
/** The same in ids, for the messages that came with the page: when they were posted is not known. */
const OVERLAP = 100;

export class MessageLog {
  /** @type {number[]} */
  #ids;
  /** @type {Set<number>} */
  #removed = new Set();
  #highest;
  #marks;
  #clock;

  /**
   * @param {Clock} clock
   * @param {number[]} [ids] of the messages that are on the page already, ascending
   */
  constructor(clock, ids = []) {
    this.#clock = clock;
    this.#ids = [...ids];
    this.#highest = ids.at(-1) ?? 0;
    this.#marks = [{ at: clock.monotonic(), id: Math.max(0, this.#highest - OVERLAP) }];
  }

  /** @param {number} id */
  has(id) {
    return this.#ids.includes(id);
  }

  /** The id after which to ask for messages on a new connection. */
  get resumeFrom() {
    // Messages older than a full list would not be shown.
    const oldest = this.#ids.length < KEPT ? 0 : this.#ids[0];
    return Math.max(this.#marks[0].id, oldest);
  }

  /**
   * Take in messages in any order and return what changes on the page. Repeats and removed messages
   * change nothing.
   *
   * @param {Message[]} messages
   * @returns {LogChange}
   */
  add(messages) {
    const inserted = [];
    for (const message of messages) {
      if (!this.#accepts(message.id)) continue;
      inserted.push({ message, before: this.#insert(message.id) });
    }
    this.#mark();
    return { inserted, dropped: this.#ids.splice(0, Math.max(0, this.#ids.length - KEPT)) };
  }

  /**
   * Take a message out, and keep it out when it arrives again.
   *
   * @param {number} id
   */
  remove(id) {
    this.#removed.add(id);
    this.#ids = this.#ids.filter((other) => other !== id);
  }

  /** @param {number} id */
  #accepts(id) {
    if (this.#removed.has(id) || this.has(id)) return false;
    return this.#ids.length < KEPT || id > this.#ids[0];
  }

  /**
   * Insert an id in its place and return the id that follows it, if any.
   *
   * @param {number} id
   */
  #insert(id) {
    let place = this.#ids.length;
    while (place > 0 && this.#ids[place - 1] > id) place -= 1;
    this.#ids.splice(place, 0, id);
    this.#highest = Math.max(this.#highest, id);
    return this.#ids[place + 1] ?? null;
  }

  #mark() {
    const now = this.#clock.monotonic();
    while (this.#marks.length > 1 && this.#marks[1].at < now - SETTLED_MS) this.#marks.shift();
    if (this.#marks[this.#marks.length - 1].id < this.#highest)
      this.#marks.push({ at: now, id: this.#highest });
  }
}
