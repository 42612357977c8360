// A clock that moves when the test says so.

/** @import { Clock } from "../../../frontend/live/types.js" */

/** Let everything that waits for a settled promise run. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

/** @implements {Clock} */
export class FakeClock {
  /** 1 December 2026, 09:00 UTC. */
  #now = Date.UTC(2026, 11, 1, 9);
  /** @type {{ at: number, action: () => void }[]} */
  #timers = [];

  now() {
    return this.#now;
  }

  monotonic() {
    return this.#now;
  }

  /**
   * @param {() => void} action
   * @param {number} delay
   */
  setTimeout(action, delay) {
    const timer = { at: this.#now + delay, action };
    this.#timers.push(timer);
    return timer;
  }

  /** @param {unknown} timer */
  clearTimeout(timer) {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }

  /** Milliseconds until the next timer, undefined when there is none. */
  get nextIn() {
    return this.#timers.length ? Math.min(...this.#timers.map(({ at }) => at)) - this.#now : undefined;
  }

  /**
   * Let time pass and run the timers that end meanwhile, each at its time.
   *
   * @param {number} milliseconds
   */
  async advance(milliseconds) {
    const end = this.#now + milliseconds;
    await settle();
    for (let next = this.#takeNext(end); next; next = this.#takeNext(end)) {
      this.#now = next.at;
      next.action();
      await settle();
    }
    this.#now = end;
  }

  /** @param {number} end */
  #takeNext(end) {
    const [next] = this.#timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
    this.clearTimeout(next);
    return next;
  }
}
