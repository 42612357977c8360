// What the live page shows, in the DOM: messages, messages on their way, the state of the connection,
// the announcement. It decides nothing about the protocol; see chat.js, outbox.js and session.js.

import { find, findIn } from "./dom.js";

/**
 * @import { Announcement, ChatView, EventView, LogChange, Message, OutboxView, Post, Refusal, SessionView } from "./types.js"
 * @import { Composer } from "./composer.js"
 */

const NOTICE_MS = 6_000;
/** This close to its end, the log follows new messages. */
const FOLLOW_PX = 60;

/** @implements {SessionView} @implements {OutboxView} @implements {ChatView} @implements {EventView} */
export class LiveView {
  #page = find("chat");
  #log = find("log");
  #list = find("messages");
  #pendingList = find("pending");
  #unreadButton = find("unread");
  #connection = find("connection");
  #template = /** @type {HTMLTemplateElement} */ (find("message-template"));
  #composer;
  #clock;
  /** @type {Map<number, HTMLElement>} */
  #rows = new Map();
  /** @type {Map<string, HTMLElement>} */
  #pending = new Map();
  #unread = 0;
  #following = true;

  /** @param {Composer} composer */
  constructor(composer) {
    this.#composer = composer;
    const timeZone = this.#page.dataset.timezone;
    this.#clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone });
    for (const row of this.#list.children) {
      if (row instanceof HTMLElement) this.#rows.set(Number(row.dataset.id), row);
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

  scrollToEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#unread = 0;
    this.#unreadButton.hidden = true;
  }

  // ---- Messages ----

  /** @param {LogChange} change */
  showMessages({ inserted, dropped }) {
    const follow = this.#isAtEnd() && !document.hidden;
    for (const { message, before } of inserted) this.#insert(message, before);
    for (const id of dropped) this.removeMessage(id);
    if (follow) this.scrollToEnd();
    else if (inserted.length) this.#showUnread(this.#unread + inserted.length);
  }

  /** @param {number} id */
  removeMessage(id) {
    this.#rows.get(id)?.remove();
    this.#rows.delete(id);
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
    this.#list.insertBefore(row, (before !== null && this.#rows.get(before)) || null);
    this.#rows.set(message.id, row);
  }

  /** @param {Omit<Message, "id">} message */
  #buildRow({ author, department, body, posted_at }) {
    const row = /** @type {HTMLElement} */ (this.#template.content.firstElementChild?.cloneNode(true));
    findIn(row, ".author").textContent = author;
    findIn(row, ".department").textContent = department;
    findIn(row, ".body").textContent = body;
    const time = /** @type {HTMLTimeElement} */ (findIn(row, "time"));
    time.dateTime = posted_at;
    time.textContent = this.#clock.format(new Date(posted_at));
    return row;
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
