// The viewer's votes on their way to the server. The last wish for a question counts; it is sent again until
// the server has answered, which changes nothing there.

import { RETRY_MS, retryDelay } from "../live/session.js";

/**
 * @import { Clock, Random } from "../live/types.js"
 * @import { Session } from "../live/session.js"
 * @import { QuestionStore } from "./store.js"
 */

/** Refusals after which the vote is sent again. */
const PASSING = new Set(["unavailable", "internal"]);

export class Voting {
  #session;
  #store;
  #onChange;
  #onRefusal;
  #clock;
  #random;
  /** @type {Map<number, boolean>} */
  #waiting = new Map();
  #sending = false;
  /** @type {unknown} */
  #retry;

  /**
   * @param {object} parts
   * @param {Session} parts.session
   * @param {QuestionStore} parts.store
   * @param {() => void} parts.onChange called when the store has changed
   * @param {(message: string) => void} parts.onRefusal called with the reason of the server
   * @param {Clock} parts.clock
   * @param {Random} parts.random
   */
  constructor({ session, store, onChange, onRefusal, clock, random }) {
    this.#session = session;
    this.#store = store;
    this.#onChange = onChange;
    this.#onRefusal = onRefusal;
    this.#clock = clock;
    this.#random = random;
    session.onConnect(() => this.#send());
  }

  /**
   * Vote for a question, or take the vote back.
   *
   * @param {number} id
   */
  toggle(id) {
    const vote = !this.#store.hasVoted(id);
    this.#store.want(id, vote);
    this.#waiting.set(id, vote);
    this.#onChange();
    this.#send();
  }

  /** Send one vote after the other. */
  async #send() {
    const [next] = this.#waiting;
    if (this.#sending || !this.#session.connected || !next) return;
    this.#clock.clearTimeout(this.#retry);
    this.#sending = true;
    const pause = await this.#deliver(...next);
    this.#sending = false;
    if (pause) this.#retry = this.#clock.setTimeout(() => this.#send(), pause);
    else this.#send();
  }

  /**
   * Send a vote and return the milliseconds to wait before the next attempt.
   *
   * @param {number} id
   * @param {boolean} vote
   */
  async #deliver(id, vote) {
    const ack = await this.#session.request("vote_question", { id, vote });
    if (!ack) return RETRY_MS;
    if (!ack.ok && PASSING.has(ack.error.code)) return retryDelay(ack.error, this.#random);
    // The viewer may have changed their mind meanwhile: then that goes next.
    if (this.#waiting.get(id) === vote) this.#waiting.delete(id);
    if (ack.ok) this.#store.confirm(id, vote, ack.votes);
    else this.#refuse(id, ack.error.message);
    this.#onChange();
    return 0;
  }

  /**
   * @param {number} id
   * @param {string} message
   */
  #refuse(id, message) {
    this.#waiting.delete(id);
    this.#store.revert(id);
    this.#onRefusal(message);
  }
}
