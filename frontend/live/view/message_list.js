// The list of messages, with the link to earlier ones.

import { t } from "../../i18n.js";
import { find } from "./dom.js";
import { arrangeRow, buildRow, completeRow } from "./rows.js";
import { newMessages } from "./words.js";

/**
 * @import { ChatView, HistoryView, LogChange, Message } from "../types.js"
 * @import { History } from "../history.js"
 * @import { Announcer } from "../announcer.js"
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
  #announcer;
  #onNew;
  /** @type {Map<number, HTMLElement>} */
  #rows = new Map();

  /**
   * @param {object} parts
   * @param {string} parts.viewer the viewer's id, whose messages are marked
   * @param {Scroller} parts.scroller
   * @param {(text: string) => void} parts.notify shows a text for a moment
   * @param {Announcer} parts.announcer
   * @param {(count: number) => void} parts.onNew called with the number of messages of others that came
   */
  constructor({ viewer, scroller, notify, announcer, onNew }) {
    this.#viewer = viewer;
    this.#scroller = scroller;
    this.#notify = notify;
    this.#announcer = announcer;
    this.#onNew = onNew;
    for (const row of /** @type {Iterable<HTMLElement>} */ (this.#list.children)) {
      this.#rows.set(Number(row.dataset.id), row);
      completeRow(row);
      arrangeRow(row, row.previousElementSibling);
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
    const posted = change.inserted.map(({ message }) => message);
    this.#announcer.announce(posted);
    this.#onNew(posted.filter(({ author_id }) => String(author_id) !== this.#viewer).length);
    // Dropped messages can be loaded again.
    if (change.dropped.length) this.#showEarlierLink(true);
  }

  /** @param {number} id */
  removeMessage(id) {
    this.#scroller.keepInPlace(() => this.#drop(id));
  }

  /**
   * @param {LogChange} change
   * @param {boolean} before
   */
  showRestored(change, before) {
    this.#scroller.keepInPlace(() => this.#apply(change));
    if (before) this.#showEarlierLink(true);
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
    this.#notify(t("Earlier messages could not be loaded. Try again."));
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
    row.dataset.authorId = String(message.author_id ?? message.author);
    row.classList.toggle("own", row.dataset.authorId === this.#viewer);
    this.#list.insertBefore(row, (before !== null && this.#rows.get(before)) || null);
    this.#rows.set(message.id, row);
    this.#arrange(row);
    this.#arrange(row.nextElementSibling);
  }

  /** @param {Element | null} row */
  #arrange(row) {
    if (row instanceof HTMLElement) arrangeRow(row, row.previousElementSibling);
  }

  /** @param {number} id */
  #drop(id) {
    const row = this.#rows.get(id);
    const next = row?.nextElementSibling ?? null;
    row?.remove();
    this.#rows.delete(id);
    this.#arrange(next);
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
