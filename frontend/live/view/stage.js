// The stage as a whole: the side panel closed or open, full screen with the panel, the time since the
// event began.

import { t } from "../../i18n.js";
import { drawIcon } from "../../icon.js";
import { find } from "./dom.js";

/**
 * @import { KeyValueStore } from "../types.js"
 * @import { Panel } from "./panel.js"
 */

const KEY = "townhall:panel";
/** A phone that lies on its side: there the video gets the whole window first (styles/live.css). */
const LYING = "(max-height: 30rem) and (min-width: 37.5rem)";
const MINUTE_MS = 60_000;

export class Stage {
  #root = document.documentElement;
  #panel;
  #storage;
  #toggle = document.getElementById("toggle-panel");
  #lying = matchMedia(LYING);

  /**
   * @param {Panel} panel
   * @param {KeyValueStore} storage
   */
  constructor(panel, storage) {
    this.#panel = panel;
    this.#storage = storage;
    panel.onShown(() => this.#showToggle());
    this.#startTools();
    this.#closeAtFirst();
    this.#lying.addEventListener("change", () => this.#closeAtFirst());
    this.#showSince();
    setInterval(() => this.#showSince(), MINUTE_MS / 4);
  }

  #startTools() {
    if (!this.#toggle) return;
    find("stage-tools").hidden = false;
    this.#toggle.addEventListener("click", () => this.#togglePanel());
    const button = find("full-screen");
    button.hidden = !document.fullscreenEnabled;
    button.addEventListener("click", () => this.#toggleFullScreen());
    document.addEventListener("fullscreenchange", () => this.#showFullScreen(button));
    this.#showFullScreen(button);
  }

  #closeAtFirst() {
    this.#panel.close(this.#lying.matches || this.#storage.getItem(KEY) === "closed");
  }

  #togglePanel() {
    const closed = !this.#panel.isClosed;
    this.#panel.close(closed);
    if (this.#lying.matches) return;
    try {
      this.#storage.setItem(KEY, closed ? "closed" : "open");
    } catch {
      // No room: the choice lasts as long as the page.
    }
  }

  #showToggle() {
    const { isClosed, unread } = this.#panel;
    if (!this.#toggle) return;
    const name = isClosed ? t("Open the side panel") : t("Close the side panel");
    const mark = document.createElement("span");
    mark.className = "unread-mark";
    mark.textContent = unread;
    this.#toggle.replaceChildren(drawIcon(isClosed ? "panel-right-open" : "panel-right-close"));
    if (isClosed && unread) this.#toggle.append(mark);
    Object.assign(this.#toggle, {
      title: name,
      ariaLabel: isClosed && unread ? `${name} (${unread})` : name,
    });
  }

  #toggleFullScreen() {
    // The page as a whole, so that chat and notices are there as well. Refused only without a click.
    const change = document.fullscreenElement
      ? document.exitFullscreen()
      : this.#root.requestFullscreen({ navigationUI: "hide" });
    change.catch(() => {});
  }

  /** @param {HTMLElement} button */
  #showFullScreen(button) {
    const isFull = document.fullscreenElement === this.#root;
    const name = isFull ? t("Leave full screen") : t("Full screen");
    this.#root.classList.toggle("full-screen", isFull);
    button.replaceChildren(drawIcon(isFull ? "minimize" : "maximize"));
    // The key works in our player only: a frame keeps its keys.
    const key = button.closest(".video-bar") ? " (F)" : "";
    Object.assign(button, { title: name + key, ariaLabel: name });
  }

  #showSince() {
    const time = /** @type {HTMLTimeElement} */ (find("since"));
    const minutes = Math.floor((Date.now() - Date.parse(time.dateTime)) / MINUTE_MS);
    // Before its start the page names the time, as the server wrote it.
    if (minutes >= 0) time.textContent = describeMinutes(minutes);
  }
}

/** @param {number} all */
function describeMinutes(all) {
  const [hours, minutes] = [Math.floor(all / 60), all % 60];
  return hours ? t("for {hours} h {minutes} min", { hours, minutes }) : t("for {minutes} min", { minutes });
}
