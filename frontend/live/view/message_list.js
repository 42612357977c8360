// The list of messages, with the link to earlier ones.

import { find } from "./dom.js";
import { buildRow, showTime } from "./rows.js";
import { newMessages } from "./words.js";

/**
 * @import { ChatView, HistoryView, LogChange, Message } from "../types.js"
 * @import { History } from "../history.js"
 * @import { Scroller } from "./scroller.js"
 */

/** This close to its beginning, the log loads earlier messages. */
const EARLIER_PX = 40;

/** @implements {ChatView} @implements {HistoryView} */
export class MessageList {
  #list = find("messages");
  #earlier = /** @type {HTMLAnchorElement} */ (find("earlier"));
  #viewer;
  #scroller;
  #notify;
  /** @type {Map<number, HTMLElement>} */
  #rows = new Map();

  /**
   * @param {object} parts
   * @param {string} parts.viewer the viewer's id, whose messages are marked
   * @param {Scroller} parts.scroller
   * @param {(text: string) => void} parts.notify shows a text for a moment
   */
  constructor({ viewer, scroller, notify }) {
    this.#viewer = viewer;
    this.#scroller = scroller;
    this.#notify = notify;
    for (const row of /** @type {Iterable<HTMLElement>} */ (this.#list.children)) {
      this.#rows.set(Number(row.dataset.id), row);
      showTime(row);
    }
  }

  /** The ids of the messages that the page came with, ascending. */
  get ids() {
    return [...this.#rows.keys()];
  }

  /** The address of the page with the messages before the first one. */
  get earlierAddress() {
    return this.#earlier.href;
  }

  get isReading() {
    return this.#scroller.isReading;
  }

  /** @param {LogChange} change */
  showMessages(change) {
    this.#scroller.addNew(change.inserted.length, () => this.#apply(change));
    // Dropped messages can be loaded again.
    if (change.dropped.length) this.#showEarlierLink(true);
  }

  /** @param {number} id */
  removeMessage(id) {
    this.#scroller.keepInPlace(() => this.#drop(id));
  }

  /** @param {number} count */
  showCaughtUp(count) {
    if (count) this.#notify(newMessages(count));
  }

  /**
   * Load earlier messages when the viewer asks for them or scrolls to the beginning.
   *
   * @param {History} history
   */
  onScrollBack(history) {
    this.#earlier.addEventListener("click", (event) => {
      // The link leads to a page that has all of them.
      if (!history.canLoad) return;
      event.preventDefault();
      history.load();
    });
    this.#scroller.onBeginning(EARLIER_PX, () => {
      if (!this.#earlier.hidden) history.load();
    });
  }

  /**
   * @param {LogChange} change
   * @param {boolean} more
   */
  showEarlier(change, more) {
    this.#scroller.keepInPlace(() => {
      this.#apply(change);
      this.#showEarlierLink(more);
    });
  }

  showEarlierFailed() {
    this.#notify("Earlier messages could not be loaded. Try again.");
  }

  /** @param {LogChange} change */
  #apply({ inserted, dropped }) {
    for (const { message, before } of inserted) this.#insert(message, before);
    for (const id of dropped) this.#drop(id);
  }

  /**
   * @param {Message} message
   * @param {number | null} before
   */
  #insert(message, before) {
    const row = buildRow(message);
    row.id = `message-${message.id}`;
    row.dataset.id = String(message.id);
    row.dataset.authorId = String(message.author_id);
    row.classList.toggle("own", row.dataset.authorId === this.#viewer);
    this.#list.insertBefore(row, (before !== null && this.#rows.get(before)) || null);
    this.#rows.set(message.id, row);
  }

  /** @param {number} id */
  #drop(id) {
    this.#rows.get(id)?.remove();
    this.#rows.delete(id);
  }

  /** @param {boolean} more */
  #showEarlierLink(more) {
    const [first] = /** @type {HTMLCollectionOf<HTMLElement>} */ (this.#list.children);
    const address = new URL(this.#earlier.href);
    address.searchParams.set("before", first?.dataset.id ?? "0");
    this.#earlier.href = address.href;
    this.#earlier.hidden = !more;
  }
}
