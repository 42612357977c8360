// Keeps the list from moving under a finger or pointer: while somebody is about to tap, the questions keep
// their places and only the numbers change. The new order appears a moment after the last touch.

/** @import { Clock } from "../live/types.js" */

/** Long enough to look for the next question and tap it. */
const CALM_MS = 3_000;

export class Calm {
  #clock;
  #onSettle;
  /** @type {unknown} */
  #timer;
  #held = false;

  /**
   * @param {Clock} clock
   * @param {() => void} onSettle called when the list may move again
   */
  constructor(clock, onSettle) {
    this.#clock = clock;
    this.#onSettle = onSettle;
  }

  /** Whether the list may move. */
  get settled() {
    return !this.#held;
  }

  /** Note that a finger or the pointer has just been on the list. */
  touch() {
    this.#held = true;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(() => this.release(), CALM_MS);
  }

  /** Let the list move: nobody is about to tap. */
  release() {
    if (!this.#held) return;
    this.#held = false;
    this.#clock.clearTimeout(this.#timer);
    this.#onSettle();
  }
}
