// Reactions: the viewer's own are sent and shown at once, those of everybody arrive as sums once a
// second and rise spread over the next one.

/**
 * @import { Clock, Random } from "../live/types.js"
 * @import { Session } from "../live/session.js"
 * @import { ReactionCounts, ReactionView } from "./types.js"
 */

/** As many as the server counts. */
const MOST_PER_SECOND = 3;
const SECOND_MS = 1_000;
/** More at a time look the same and cost a phone its battery. */
const MOST_RISING = 16;

export class Reactions {
  #session;
  #view;
  #clock;
  #random;
  /** When the viewer reacted lately. @type {number[]} */
  #times = [];
  /** The viewer's own that are shown already and will arrive in a sum. @type {Map<string, number>} */
  #own = new Map();

  /**
   * @param {object} parts
   * @param {Pick<Session, "connected" | "on" | "send">} parts.session
   * @param {ReactionView} parts.view
   * @param {Clock} parts.clock
   * @param {Random} parts.random
   */
  constructor({ session, view, clock, random }) {
    this.#session = session;
    this.#view = view;
    this.#clock = clock;
    this.#random = random;
    session.on("reactions", (counts) => this.#arrive(counts));
  }

  /**
   * React, unless it is the fourth time in a second or the connection is lost.
   *
   * @param {string} kind
   */
  react(kind) {
    const now = this.#clock.monotonic();
    this.#times = this.#times.filter((time) => time > now - SECOND_MS);
    if (this.#times.length >= MOST_PER_SECOND || !this.#session.connected) return;
    this.#times.push(now);
    this.#session.send("react", { kind });
    this.#own.set(kind, (this.#own.get(kind) ?? 0) + 1);
    this.#view.rise(kind, 0);
  }

  /** @param {ReactionCounts} counts */
  #arrive(counts) {
    const others = Object.entries(counts).map(([kind, count]) => ({
      kind,
      count: count - this.#takeOwn(kind, count),
    }));
    const total = others.reduce((sum, { count }) => sum + count, 0);
    const scale = Math.min(1, MOST_RISING / total);
    for (const { kind, count } of others) {
      for (let left = Math.ceil(count * scale); left > 0; left--) {
        this.#view.rise(kind, this.#random() * SECOND_MS);
      }
    }
  }

  /**
   * Return how many of `count` are the viewer's own and were shown before.
   *
   * @param {string} kind
   * @param {number} count
   */
  #takeOwn(kind, count) {
    const own = Math.min(count, this.#own.get(kind) ?? 0);
    // The rest of them did not count.
    this.#own.delete(kind);
    return own;
  }
}
