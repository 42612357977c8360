// The messages that the page shows: each once, in the order of their ids. The page keeps the latest 200;
// while somebody reads older ones it keeps more, so that the text does not move away under the reader.
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
/** The same while somebody reads older messages. */
export const KEPT_READING = 1_000;
const SETTLED_MS = 30_000;
/** The same in ids, for the messages that came with the page: when they were posted is not known. */
const OVERLAP = 100;

export class MessageLog {
  /** @type {number[]} */
  #ids;
  /** @type {Set<number>} */
  #removed = new Set();
  #highest;
  /** The id from which on the page has all messages, but removed ones. */
  #from;
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
    this.#from = ids.at(0) ?? 0;
    this.#marks = [{ at: clock.monotonic(), id: Math.max(0, this.#highest - OVERLAP) }];
  }

  /** @param {number} id */
  has(id) {
    return this.#ids.includes(id);
  }

  /** The id of the first message, undefined when there is none. */
  get first() {
    return this.#ids.at(0);
  }

  /** Whether there is room for older messages. */
  get hasRoom() {
    return this.#ids.length < KEPT_READING;
  }

  /** The id after which to ask for messages on a new connection. */
  get resumeFrom() {
    // Messages older than a full list would not be shown.
    return Math.max(this.#marks[0].id, this.#ids.at(-KEPT) ?? 0);
  }

  /**
   * Take in messages in any order and return what changes on the page. Repeats and removed messages
   * change nothing.
   *
   * @param {Message[]} messages
   * @param {{ reading?: boolean }} [options] whether somebody reads older messages now
   * @returns {LogChange}
   */
  add(messages, { reading = false } = {}) {
    const kept = reading ? KEPT_READING : KEPT;
    const isShown = (/** @type {number} */ id) => this.#ids.length < kept || id > this.#ids[0];
    const inserted = this.#insertAll(messages, isShown);
    this.#mark();
    const dropped = this.#ids.splice(0, Math.max(0, this.#ids.length - kept));
    if (dropped.length) this.#from = this.#ids[0];
    return { inserted, dropped };
  }

  /**
   * Take in messages from before the first one, which somebody asked for.
   *
   * @param {Message[]} messages
   * @returns {LogChange}
   */
  addEarlier(messages) {
    return { inserted: this.#insertAll(messages, () => true), dropped: [] };
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

  /**
   * Take back in a message that was removed. One from before the messages of the page is not shown:
   * those between are not here.
   *
   * @param {Message} message
   * @returns {LogChange & { before: boolean }} `before` for such a message, which can be loaded
   */
  restore(message) {
    this.#removed.delete(message.id);
    const before = message.id < this.#from;
    const inserted = this.#insertAll([message], () => !before);
    return { inserted, dropped: [], before };
  }

  /**
   * @param {Message[]} messages
   * @param {(id: number) => boolean} isShown
   */
  #insertAll(messages, isShown) {
    const inserted = [];
    for (const message of messages) {
      const { id } = message;
      if (this.#removed.has(id) || this.has(id) || !isShown(id)) continue;
      inserted.push({ message, before: this.#insert(id) });
    }
    return inserted;
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
    this.#from = Math.min(this.#from, id);
    return this.#ids[place + 1] ?? null;
  }

  #mark() {
    const now = this.#clock.monotonic();
    while (this.#marks.length > 1 && this.#marks[1].at < now - SETTLED_MS) this.#marks.shift();
    if (this.#marks[this.#marks.length - 1].id < this.#highest)
      this.#marks.push({ at: now, id: this.#highest });
  }
}
