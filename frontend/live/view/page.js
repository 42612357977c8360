// What the live page shows around the messages: the state of the connection, the announcement, the
// number of viewers; and the ways off the page.

import { find, findIn } from "./dom.js";
import { showText } from "./rows.js";

/**
 * @import { Announcement, EventView, SessionView } from "../types.js"
 * @import { Composer } from "./composer.js"
 */

const NOTICE_MS = 6_000;

/** @implements {SessionView} @implements {EventView} */
export class Page {
  #connection = find("connection");
  #announcement = find("announcement");
  #watching = find("watching");
  #composer;
  #checkIn;

  /**
   * @param {Composer} composer
   * @param {string} checkIn the address of the check-in page
   */
  constructor(composer, checkIn) {
    this.#composer = composer;
    this.#checkIn = checkIn;
  }

  showConnected() {
    this.#connection.textContent = "";
  }

  showReconnecting() {
    this.#connection.textContent = "Reconnecting…";
  }

  /**
   * Show a text for a moment.
   *
   * @param {string} text
   */
  notify(text) {
    this.#connection.textContent = text;
    setTimeout(() => {
      if (this.#connection.textContent === text) this.#connection.textContent = "";
    }, NOTICE_MS);
  }

  /** @param {Announcement | null} announcement */
  showAnnouncement(announcement) {
    const box = this.#announcement;
    const id = String(announcement?.id ?? "");
    if ((box.dataset.id ?? "") === id) return;
    box.dataset.id = id;
    box.replaceChildren();
    if (!announcement) return;
    const text = document.createElement("p");
    text.dir = "auto";
    showText(text, announcement.body);
    box.append(text);
  }

  /** @param {number} count */
  showWatching(count) {
    this.#watching.textContent = `${count} watching`;
  }

  /** @param {string} title */
  showTitle(title) {
    const heading = findIn(document, "h1");
    if (heading.textContent === title) return;
    document.title = document.title.replace(heading.textContent, () => title);
    heading.textContent = title;
  }

  /** @param {boolean} muted */
  showMuted(muted) {
    this.notify(muted ? "A moderator has muted you." : "You can write again.");
  }

  /** @param {{ open: boolean, approval: boolean }} state */
  showComposer(state) {
    this.#composer.showState(state);
  }

  leave() {
    location.assign(this.#checkIn);
  }

  reload() {
    location.reload();
  }
}
