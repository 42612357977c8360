// The system's clock and timers, as the other modules take them (tests give them a fake one).

/** @type {import("./types.js").Clock} */
export const systemClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (action, delay) => setTimeout(action, delay),
  clearTimeout: (timer) => clearTimeout(/** @type {number | undefined} */ (timer)),
};
