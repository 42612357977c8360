// Shows everything around the messages: the state of the connection, the announcement, the
// number of viewers; and the ways off the page.

import { t } from "../../i18n.js";
import { showToast } from "../../toasts.js";
import { find, findIn } from "./dom.js";
import { showText } from "./rows.js";

/**
 * @import { Announcement, EventView, SessionView } from "../types.js"
 * @import { Composer } from "./composer.js"
 */

/** @implements {SessionView} @implements {EventView} */
export class Page {
  #connection = find("connection");
  #announcement = find("announcement");
  #watching = find("watching");
  #update = find("update");
  #composer;
  #checkIn;
  #checkingOut = false;

  /**
   * @param {Composer} composer
   * @param {string} checkIn the address of the check-in page
   */
  constructor(composer, checkIn) {
    this.#composer = composer;
    this.#checkIn = checkIn;
    // Not in the page of an older version.
    document.getElementById("check-out")?.addEventListener("submit", () => {
      this.#checkingOut = true;
    });
  }

  showConnected() {
    this.#connection.textContent = "";
  }

  showReconnecting() {
    this.#connection.textContent = t("Reconnecting…");
    // How many are watching is not known now.
    this.#watching.textContent = "";
  }

  /**
   * Show a text for a moment.
   *
   * @param {string} text
   */
  notify(text) {
    showToast({ text });
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
    this.#watching.textContent = t("{count} watching", { count });
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
    this.notify(muted ? t("A moderator has muted you.") : t("You can write again."));
  }

  /** @param {{ open: boolean, approval: boolean }} state */
  showComposer(state) {
    this.#composer.showState(state);
  }

  /** @param {boolean} outdated whether the page is from another version than the server */
  showUpdate(outdated) {
    const box = this.#update;
    if (outdated === Boolean(box.firstChild)) return;
    box.replaceChildren();
    if (!outdated) return;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "small", textContent: t("Reload") });
    button.addEventListener("click", () => this.reload());
    box.append(t("This page has been updated. What you are writing is kept."), button);
  }

  leave() {
    // The answer to a check-out leads there as well, and alone says that it worked.
    if (!this.#checkingOut) location.assign(this.#checkIn);
  }

  reload() {
    location.reload();
  }
}
