// Follows changes that admins make while the page is open: the event's state and stream, the chat's settings, the
// pinned announcement, and whether the viewer is muted.

/**
 * @import { Clock, EventSettings, EventView, Random } from "./types.js"
 * @import { Chat } from "./chat.js"
 * @import { Outbox } from "./outbox.js"
 * @import { Pace } from "./pace.js"
 * @import { Session } from "./session.js"
 */

/** Thousands of pages hear of a change at once; their reloads are spread over this time. */
const RELOAD_WITHIN_MS = 3_000;

export class EventState {
  #pace;
  #outbox;
  #view;
  #stream;
  #exempt;
  #clock;
  #random;
  #reloading = false;

  /**
   * @param {object} parts
   * @param {Session} parts.session
   * @param {Chat} parts.chat
   * @param {Pace} parts.pace
   * @param {Outbox} parts.outbox
   * @param {EventView} parts.view
   * @param {string} parts.stream that the page shows: its address, kind and further hosts
   * @param {boolean} parts.exempt from slow mode and approval, as moderators are
   * @param {Clock} parts.clock
   * @param {Random} parts.random
   */
  constructor({ session, chat, pace, outbox, view, stream, exempt, clock, random }) {
    this.#pace = pace;
    this.#outbox = outbox;
    this.#view = view;
    this.#stream = stream;
    this.#exempt = exempt;
    this.#clock = clock;
    this.#random = random;
    session.on("event_changed", (settings) => this.#apply(settings));
    session.on("announcement_posted", (announcement) => view.showAnnouncement(announcement));
    session.on("announcement_removed", () => view.showAnnouncement(null));
    session.on("muted_changed", ({ until, reason }) => this.#mute(until, reason));
    session.on("viewers_changed", ({ watching }) => view.showWatching(watching));
    chat.onState("event", (settings) => settings && this.#apply(settings));
    chat.onState("announcement", (announcement) => view.showAnnouncement(announcement));
    chat.onState("muted_until", (until, answer) => pace.muteUntil(until, answer.mute_reason));
  }

  /** @param {EventSettings} settings */
  #apply(settings) {
    const { state, title, chat_open, slow_mode_seconds, hold_messages } = settings;
    if (state !== "open" || streamOf(settings) !== this.#stream) return this.#reloadSoon();
    this.#view.showTitle(title);
    this.#view.showComposer({ open: chat_open, approval: hold_messages && !this.#exempt });
    if (this.#pace.setSlowMode(slow_mode_seconds)) this.#outbox.send();
  }

  /**
   * @param {string | null} until
   * @param {string} [reason]
   */
  #mute(until, reason) {
    this.#pace.muteUntil(until, reason);
    this.#view.showMuted(until !== null);
  }

  #reloadSoon() {
    if (!this.#reloading)
      this.#clock.setTimeout(() => this.#view.reload(), this.#random() * RELOAD_WITHIN_MS);
    this.#reloading = true;
  }
}

/** @param {EventSettings} settings */
function streamOf({ stream_url, stream_kind, stream_hosts }) {
  return [stream_url, stream_kind, stream_hosts].filter(Boolean).join(" ");
}
