// The side panel: its tabs, what was not looked at yet, and whether the panel is closed.
//
// Without JavaScript the tabs are links, each to the page with another tab open. Here they become tabs as
// the ARIA pattern has them: one stop of the Tab key, arrow keys between them.

import { find } from "./dom.js";

/** @typedef {{ tab: HTMLAnchorElement | null, body: HTMLElement, unread: number, onOpen: (() => void)[] }} Part */

/** Steps of the keys that move between tabs. */
const STEPS = new Map([
  ["ArrowRight", 1],
  ["ArrowLeft", -1],
  ["Home", -Infinity],
  ["End", Infinity],
]);
const MOST_SHOWN = 99;
/** On the root element. */
const CLOSED = "panel-closed";

export class Panel {
  #panel = find("panel");
  /** @type {Map<string, Part>} */
  #parts = new Map();
  #open = "";
  /** @type {(() => void)[]} */
  #onShown = [];

  constructor() {
    for (const body of /** @type {Iterable<HTMLElement>} */ (this.#panel.querySelectorAll(".panel-body"))) {
      const name = body.id.replace("panel-", "");
      const tab = /** @type {HTMLAnchorElement | null} */ (document.getElementById(`tab-${name}`));
      this.#parts.set(name, { tab, body, unread: 0, onOpen: [] });
      if (!body.hidden) this.#open = name;
      if (tab) this.#makeTab(name, tab, body);
    }
    document.getElementById("panel-tabs")?.setAttribute("role", "tablist");
    document.addEventListener("visibilitychange", () => this.#lookAtOpen());
    this.#show();
  }

  /** The name of the open tab. */
  get current() {
    return this.#open;
  }

  /** Whether the viewer can see the panel at all. */
  get isShown() {
    return !document.hidden && this.#panel.getClientRects().length > 0;
  }

  /** Whether the viewer closed the panel, so that the video has the whole window. */
  get isClosed() {
    return document.documentElement.classList.contains(CLOSED);
  }

  /** @param {boolean} closed */
  close(closed) {
    document.documentElement.classList.toggle(CLOSED, closed);
    this.#show();
  }

  /** The number of unseen entries in all tabs, as a short text; "" for none. */
  get unread() {
    let sum = 0;
    for (const { unread } of this.#parts.values()) sum += unread;
    return sum ? shorten(sum) : "";
  }

  /**
   * Call `handler` after the panel was opened or closed, and when the count of unread things changes.
   *
   * @param {() => void} handler
   */
  onShown(handler) {
    this.#onShown.push(handler);
  }

  /**
   * Return whether the viewer has that tab in front.
   *
   * @param {string} name
   */
  isOpen(name) {
    return name === this.#open && this.isShown;
  }

  /**
   * Note `count` more things in a tab that the viewer has not seen. They are shown at the tab and in the
   * title of the page until the viewer opens the tab. Nothing happens while the tab is in front.
   *
   * @param {string} name
   * @param {number} [count]
   */
  markUnread(name, count = 1) {
    const part = this.#parts.get(name);
    if (!part || this.isOpen(name)) return;
    part.unread += count;
    this.#showUnread();
  }

  /**
   * Open a tab, and the panel if it is closed. An unknown name changes nothing.
   *
   * @param {string} name
   */
  open(name) {
    if (!this.#parts.has(name)) return;
    this.#open = name;
    this.close(false);
    // A reload, by the viewer or after a change of the stream, comes back to this tab.
    const address = new URL(location.href);
    address.searchParams.set("tab", name);
    history.replaceState(history.state, "", address);
  }

  /**
   * Call `handler` whenever that tab comes in front.
   *
   * @param {string} name
   * @param {() => void} handler
   */
  onOpen(name, handler) {
    this.#parts.get(name)?.onOpen.push(handler);
  }

  /**
   * @param {string} name
   * @param {HTMLAnchorElement} tab
   * @param {HTMLElement} body
   */
  #makeTab(name, tab, body) {
    tab.removeAttribute("aria-current");
    tab.role = "tab";
    tab.setAttribute("aria-controls", body.id);
    body.role = "tabpanel";
    body.setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      this.open(name);
    });
    tab.addEventListener("keydown", (event) => this.#onKey(event, name));
  }

  /**
   * @param {KeyboardEvent} event
   * @param {string} name of the tab that has the focus
   */
  #onKey(event, name) {
    const names = [...this.#parts.keys()];
    const step = STEPS.get(event.key);
    if (event.key === " ") this.open(name);
    else if (step === undefined) return;
    else this.#focus(nextTab(names, names.indexOf(name), step));
    event.preventDefault();
  }

  /** @param {string} name */
  #focus(name) {
    this.open(name);
    this.#parts.get(name)?.tab?.focus();
  }

  #show() {
    for (const [name, { tab, body }] of this.#parts) {
      const isOpen = name === this.#open;
      body.hidden = !isOpen;
      tab?.setAttribute("aria-selected", String(isOpen));
      if (tab) tab.tabIndex = isOpen ? 0 : -1;
    }
    this.#lookAtOpen();
  }

  #lookAtOpen() {
    const part = this.#parts.get(this.#open);
    if (part && this.isShown) {
      part.unread = 0;
      for (const handler of part.onOpen) handler();
    }
    this.#showUnread();
  }

  #showUnread() {
    for (const { tab, unread } of this.#parts.values()) {
      const mark = tab?.querySelector(".unread-mark");
      if (!(mark instanceof HTMLElement)) continue;
      mark.textContent = unread ? shorten(unread) : "";
      mark.hidden = !unread;
    }
    const title = document.title.replace(/^\(\d+\+?\) /, "");
    document.title = this.unread ? `(${this.unread}) ${title}` : title;
    for (const handler of this.#onShown) handler();
  }
}

/**
 * @param {string[]} names
 * @param {number} place of the current one
 * @param {number} step
 */
function nextTab(names, place, step) {
  if (!Number.isFinite(step)) return names[step < 0 ? 0 : names.length - 1];
  return names[(place + step + names.length) % names.length];
}

/** @param {number} count */
const shorten = (count) => (count > MOST_SHOWN ? `${MOST_SHOWN}+` : String(count));
