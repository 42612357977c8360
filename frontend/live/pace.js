// Limits how fast this viewer may write: slow mode and mutes, counted down for the composer.

import { t } from "../i18n.js";

/** @import { Clock } from "./types.js" */
/** @typedef {"slow" | "muted"} Reason */

/** Longer than any event: such a mute has no end that matters. */
const A_DAY_MS = 86_400_000;

export class Pace {
  #clock;
  #exempt;
  #onChange;
  #slowModeSeconds = 0;
  /** @type {Record<Reason, number>} */
  #ends = { slow: 0, muted: 0 };
  /** Why the viewer is muted, as the moderator said. */
  #muteReason = "";

  /**
   * @param {Clock} clock
   * @param {{ exempt?: boolean, onChange?: () => void }} [options] moderators are exempt from slow mode
   */
  constructor(clock, { exempt = false, onChange = () => {} } = {}) {
    this.#clock = clock;
    this.#exempt = exempt;
    this.#onChange = onChange;
  }

  /** Milliseconds until the next message may be sent. */
  get slowFor() {
    return this.#left("slow");
  }

  /**
   * Apply the event's slow mode. Return true when waiting ended by that, so that a message can be sent.
   *
   * @param {number} seconds between two messages, 0 for none
   */
  setSlowMode(seconds) {
    const before = this.#slowModeSeconds;
    this.#slowModeSeconds = this.#exempt ? 0 : seconds;
    if (this.#slowModeSeconds >= before) return false;
    this.#ends.slow = 0;
    return true;
  }

  /**
   * Note until when the viewer is muted, and why.
   *
   * @param {string | null} until ISO 8601; null ends the mute
   * @param {string} [reason] "" where none was given
   */
  muteUntil(until, reason = "") {
    this.#ends.muted = until ? Date.parse(until) : 0;
    this.#muteReason = reason;
    this.#onChange();
  }

  /** Note that the server took a message. */
  posted() {
    this.#ends.muted = 0;
    if (this.#slowModeSeconds) this.wait("slow", this.#slowModeSeconds);
  }

  /**
   * Wait from now on.
   *
   * @param {Reason} reason
   * @param {number} seconds
   */
  wait(reason, seconds) {
    this.#ends[reason] = this.#clock.now() + seconds * 1000;
    this.#onChange();
  }

  /**
   * Return the sentence for the composer, "" when there is nothing to wait for.
   *
   * @param {boolean} waiting whether a message waits to be sent
   */
  describe(waiting) {
    const [muted, slow] = [this.#left("muted"), this.#left("slow")];
    if (muted) return [this.#describeMute(muted), this.#describeReason()].filter(Boolean).join(" ");
    if (slow && waiting) return t("Your message is sent in {time}.", { time: formatDuration(slow) });
    if (slow) return t("You can write again in {time}.", { time: formatDuration(slow) });
    return "";
  }

  /** @param {number} left milliseconds */
  #describeMute(left) {
    if (left > A_DAY_MS) return t("You are muted in this event.");
    return t("You are muted for another {time}.", { time: formatDuration(left) });
  }

  #describeReason() {
    return this.#muteReason && t("Reason: {reason}", { reason: this.#muteReason });
  }

  /** @param {Reason} reason */
  #left(reason) {
    return Math.max(0, this.#ends[reason] - this.#clock.now());
  }
}

/** @param {number} milliseconds */
function formatDuration(milliseconds) {
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
