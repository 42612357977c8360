// What the live page shows, in the DOM: messages, messages on their way, the state of the connection,
// the announcement. It decides nothing about the protocol; see chat.js, outbox.js and session.js.

import { find, findIn } from "./dom.js";

/**
 * @import { Announcement, ChatView, EventView, HistoryView, LogChange, Message, OutboxView, Post, Refusal, SessionView } from "./types.js"
 * @import { Composer } from "./composer.js"
 * @import { History } from "./history.js"
 */

const NOTICE_MS = 6_000;
/** This close to its end, the log follows new messages. */
const FOLLOW_PX = 60;
/** This close to its beginning, the log loads earlier messages. */
const EARLIER_PX = 40;

/** @implements {SessionView} @implements {OutboxView} @implements {ChatView} @implements {EventView} @implements {HistoryView} */
export class LiveView {
  #page = find("chat");
  #log = find("log");
  #list = find("messages");
  #pendingList = find("pending");
  #unreadButton = find("unread");
  #earlier = /** @type {HTMLAnchorElement} */ (find("earlier"));
  #connection = find("connection");
  #template = /** @type {HTMLTemplateElement} */ (find("message-template"));
  #composer;
  /** Of the reader's own zone, as the server cannot know it; without scripts it is the event's. */
  #clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
  /** @type {Map<number, HTMLElement>} */
  #rows = new Map();
  /** @type {Map<string, HTMLElement>} */
  #pending = new Map();
  #unread = 0;
  #following = true;

  /** @param {Composer} composer */
  constructor(composer) {
    this.#composer = composer;
    for (const row of this.#listRows()) {
      this.#rows.set(Number(row.dataset.id), row);
      this.#showTime(row);
    }
    this.#unreadButton.addEventListener("click", () => this.scrollToEnd());
    this.#log.addEventListener("scroll", () => this.#onScroll());
    // The composer grows with its notices; the latest message stays in sight.
    new ResizeObserver(() => this.#following && this.scrollToEnd()).observe(this.#log);
  }

  /** The ids of the messages that the page came with, ascending. */
  get ids() {
    return [...this.#rows.keys()];
  }

  /** Whether the viewer has scrolled back to read older messages. */
  get isReading() {
    return !this.#isAtEnd();
  }

  scrollToEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#unread = 0;
    this.#unreadButton.hidden = true;
  }

  // ---- Messages ----

  /** @param {LogChange} change */
  showMessages({ inserted, dropped }) {
    const follow = this.#isAtEnd() && !document.hidden;
    this.#keepInPlace(() => {
      for (const { message, before } of inserted) this.#insert(message, before);
      for (const id of dropped) this.#drop(id);
    });
    // Messages that were dropped can be loaded again.
    if (dropped.length) this.#showEarlierLink(true);
    if (follow) this.scrollToEnd();
    else if (inserted.length) this.#showUnread(this.#unread + inserted.length);
  }

  /** @param {number} id */
  removeMessage(id) {
    this.#keepInPlace(() => this.#drop(id));
  }

  /** @param {number} id */
  #drop(id) {
    this.#rows.get(id)?.remove();
    this.#rows.delete(id);
  }

  /**
   * Change the list so that a viewer who reads older messages goes on seeing the same lines.
   *
   * @param {() => void} change
   */
  #keepInPlace(change) {
    if (!this.isReading) return change();
    const top = this.#log.scrollTop;
    const places = this.#listRows().map((row) => ({
      row,
      offset: row.offsetTop,
      end: row.offsetTop + row.offsetHeight,
    }));
    change();
    // The first visible row that is still there.
    const anchor = places.find(({ row, end }) => end > top && row.isConnected);
    if (anchor) this.#log.scrollTop = top + anchor.row.offsetTop - anchor.offset;
  }

  /** The rows on the page, in its order. */
  #listRows() {
    return /** @type {HTMLElement[]} */ ([...this.#list.children]);
  }

  /** @param {number} count */
  showCaughtUp(count) {
    if (count) this.#note(newMessages(count));
  }

  /**
   * @param {Message} message
   * @param {number | null} before
   */
  #insert(message, before) {
    const row = this.#buildRow(message);
    row.id = `message-${message.id}`;
    row.dataset.id = String(message.id);
    row.dataset.authorId = String(message.author_id);
    row.classList.toggle("own", row.dataset.authorId === this.#page.dataset.viewer);
    this.#list.insertBefore(row, (before !== null && this.#rows.get(before)) || null);
    this.#rows.set(message.id, row);
  }

  /** @param {Pick<Message, "author" | "department" | "body" | "posted_at">} message */
  #buildRow({ author, department, body, posted_at }) {
    const row = /** @type {HTMLElement} */ (this.#template.content.firstElementChild?.cloneNode(true));
    findIn(row, ".author").textContent = author;
    findIn(row, ".department").textContent = department;
    findIn(row, ".body").textContent = body;
    findIn(row, "time").setAttribute("datetime", posted_at);
    this.#showTime(row);
    return row;
  }

  /** @param {HTMLElement} row */
  #showTime(row) {
    const time = findIn(row, "time");
    time.textContent = this.#clock.format(new Date(time.getAttribute("datetime") ?? ""));
  }

  /** @param {number} count */
  #showUnread(count) {
    this.#unread = count;
    this.#unreadButton.textContent = newMessages(count);
    this.#unreadButton.hidden = false;
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight < FOLLOW_PX;
  }

  #onScroll() {
    this.#following = this.#isAtEnd();
    if (this.#following) this.scrollToEnd();
  }

  // ---- Earlier messages ----

  /** The address of the page with the messages before the first one. */
  get earlierAddress() {
    return this.#earlier.href;
  }

  /**
   * Load earlier messages when the viewer asks for them or scrolls to the beginning.
   *
   * @param {History} history
   */
  onScrollBack(history) {
    this.#earlier.addEventListener("click", (event) => {
      if (!history.canLoad) return;
      event.preventDefault();
      history.load();
    });
    this.#log.addEventListener("scroll", () => {
      if (this.isReading && this.#log.scrollTop < EARLIER_PX && !this.#earlier.hidden) history.load();
    });
  }

  /**
   * @param {LogChange} change
   * @param {boolean} more
   */
  showEarlier({ inserted }, more) {
    this.#keepInPlace(() => {
      for (const { message, before } of inserted) this.#insert(message, before);
      this.#showEarlierLink(more);
    });
  }

  /** @param {boolean} more */
  #showEarlierLink(more) {
    this.#earlier.hidden = !more;
    const address = new URL(this.#earlier.href);
    address.searchParams.set("before", this.#listRows().at(0)?.dataset.id ?? "0");
    this.#earlier.href = address.href;
  }

  showEarlierFailed() {
    this.#note("Earlier messages could not be loaded. Try again.");
  }

  // ---- Messages on their way ----

  /** @param {Post} post */
  showPending({ nonce, body, written_at, held }) {
    const { author = "", department = "" } = this.#page.dataset;
    const row = this.#buildRow({ author, department, body, posted_at: written_at });
    row.classList.add("pending", "own");
    row.classList.toggle("held", Boolean(held));
    this.#pendingList.append(row);
    this.#pending.set(nonce, row);
    this.scrollToEnd();
  }

  /** @param {string} nonce */
  removePending(nonce) {
    this.#pending.get(nonce)?.remove();
    this.#pending.delete(nonce);
  }

  /** @param {string} nonce */
  showHeld(nonce) {
    this.#pending.get(nonce)?.classList.add("held");
  }

  /**
   * @param {Post} post
   * @param {Refusal} error
   */
  showRefusal(post, error) {
    this.#composer.giveBack(post.body, error.message);
  }

  // ---- The connection ----

  showConnected() {
    this.#connection.textContent = "";
  }

  showReconnecting() {
    this.#connection.textContent = "Reconnecting…";
  }

  leave() {
    location.assign(this.#page.dataset.checkIn ?? "/");
  }

  /** @param {string} text shown for a moment */
  #note(text) {
    this.#connection.textContent = text;
    setTimeout(() => {
      if (this.#connection.textContent === text) this.#connection.textContent = "";
    }, NOTICE_MS);
  }

  // ---- The event ----

  /** @param {Announcement | null} announcement */
  showAnnouncement(announcement) {
    const box = find("announcement");
    if (announcement && Number(box.dataset.id) === announcement.id) return;
    box.dataset.id = String(announcement?.id ?? "");
    findIn(box, "p").textContent = announcement?.body ?? "";
    box.hidden = !announcement;
  }

  /** @param {number} count */
  showWatching(count) {
    const line = find("watching");
    line.textContent = `${count} watching`;
    line.hidden = false;
  }

  /** @param {boolean} muted */
  showMuted(muted) {
    this.#note(muted ? "A moderator has muted you." : "You can write again.");
  }

  /** @param {{ open: boolean, approval: boolean }} state */
  showComposer(state) {
    this.#composer.showState(state);
  }

  reload() {
    location.reload();
  }
}

/** @param {number} count */
function newMessages(count) {
  return count === 1 ? "1 new message" : `${count} new messages`;
}
