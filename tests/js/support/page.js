// A live page without a browser: the shipped modules, joined as main.js joins them, with a view that
// remembers what it was told.

import { Chat } from "../../../frontend/live/chat.js";
import { EventState } from "../../../frontend/live/event.js";
import { MessageLog } from "../../../frontend/live/message_log.js";
import { Outbox } from "../../../frontend/live/outbox.js";
import { Pace } from "../../../frontend/live/pace.js";
import { Session } from "../../../frontend/live/session.js";
import { MemoryStore } from "../../../stack/chaos/memory_store.js";
import { RowList } from "../../../stack/chaos/row_list.js";
import { settle } from "./fake_clock.js";

/**
 * @import { Announcement, ChatView, EventView, LogChange, OutboxView, Post, Refusal, SessionView } from "../../../frontend/live/types.js"
 * @import { FakeClock } from "./fake_clock.js"
 * @import { FakeServer } from "./fake_server.js"
 */

/** @implements {SessionView} @implements {OutboxView} @implements {ChatView} @implements {EventView} */
class RecordingView {
  list = new RowList();
  isReading = false;
  /** @type {Map<string, { body: string, held: boolean }>} */
  pending = new Map();
  /** Whether something else is being written, so that a refused text cannot be given back. */
  isWriting = false;
  /** The reasons of posts that wait for their author's decision, by nonce. @type {Map<string, string>} */
  refused = new Map();
  /** @type {{ body: string, code: string }[]} */
  refusals = [];
  /** @type {number[]} */
  caughtUp = [];
  /** @type {Announcement | null} */
  announcement = null;
  composer = { open: true, approval: false };
  status = "";
  watching = 0;
  muted = false;
  left = 0;
  reloads = 0;

  /** @param {LogChange} change */
  showMessages(change) {
    this.list.apply(change);
  }

  /** @param {number} id */
  removeMessage(id) {
    this.list.remove(id);
  }

  /** @param {LogChange} change */
  showRestored(change) {
    this.list.apply(change);
  }

  /** @param {number} count */
  showCaughtUp(count) {
    this.caughtUp.push(count);
  }

  /** @param {Post} post */
  showPending({ nonce, body, held, refused }) {
    this.pending.set(nonce, { body, held: Boolean(held) });
    if (refused) this.showRefused(nonce, refused);
  }

  /** @param {string} nonce */
  removePending(nonce) {
    this.pending.delete(nonce);
    this.refused.delete(nonce);
  }

  /** @param {string} nonce */
  showHeld(nonce) {
    const post = this.pending.get(nonce);
    if (post) post.held = true;
  }

  /**
   * @param {Post} post
   * @param {Refusal} error
   */
  giveBack({ body }, { code }) {
    if (this.isWriting) return false;
    this.refusals.push({ body, code });
    return true;
  }

  /**
   * @param {string} nonce
   * @param {string} reason
   */
  showRefused(nonce, reason) {
    this.refused.set(nonce, reason);
  }

  showConnected() {
    this.status = "connected";
  }

  showReconnecting() {
    this.status = "reconnecting";
  }

  leave() {
    this.left += 1;
  }

  /** @param {Announcement | null} announcement */
  showAnnouncement(announcement) {
    this.announcement = announcement;
  }

  /** @param {number} count */
  showWatching(count) {
    this.watching = count;
  }

  /** @param {boolean} muted */
  showMuted(muted) {
    this.muted = muted;
  }

  /** @param {string} title */
  showTitle(title) {
    this.title = title;
  }

  /** @param {{ open: boolean, approval: boolean }} state */
  showComposer(state) {
    this.composer = state;
  }

  reload() {
    this.reloads += 1;
  }
}

/**
 * Open a page that is connected.
 *
 * @param {ConstructorParameters<typeof FakePage>} values
 */
export async function openPage(...values) {
  const page = new FakePage(...values);
  await page.connect();
  return page;
}

export class FakePage {
  view = new RecordingView();
  #nonces = 0;

  /**
   * @param {FakeServer} server
   * @param {FakeClock} clock
   * @param {object} [options]
   * @param {MemoryStore} [options.storage] of the browser; pages that share it are tabs of one person
   * @param {number[]} [options.ids] of the messages that the page came with
   * @param {boolean} [options.exempt] from slow mode and approval
   * @param {number} [options.random] what the random numbers are
   */
  constructor(server, clock, { storage = new MemoryStore(), ids = [], exempt = false, random = 0.5 } = {}) {
    const { view } = this;
    const shared = { view, clock, random: () => random };
    this.storage = storage;
    this.session = new Session({ ...shared, connect: server.connect, event: "all-hands" });
    this.socket = /** @type {FakeServer["sockets"][number]} */ (server.sockets.at(-1));
    this.log = new MessageLog(clock, ids);
    this.pace = new Pace(clock, { exempt });
    const { session, log, pace } = this;
    this.outbox = new Outbox({ ...shared, session, log, pace, storage, owner: "all-hands:7" });
    const { outbox } = this;
    this.chat = new Chat({ ...shared, session, log, outbox, viewer: 7 });
    const { chat } = this;
    new EventState({ ...shared, session, chat, pace, outbox, stream: "/live.m3u8", exempt });
  }

  get bodies() {
    return this.view.list.rows.map(({ body }) => body);
  }

  get pending() {
    return [...this.view.pending.values()].map(({ body }) => body);
  }

  get stored() {
    return this.storage.length;
  }

  async connect() {
    this.socket.emit("connect");
    await settle();
  }

  async disconnect(reason = "transport close") {
    this.socket.emit("disconnect", reason);
    await settle();
  }

  /** @param {string} body */
  async write(body, nonce = `${body}-${this.#nonces++}`) {
    this.outbox.put(nonce, body);
    await settle();
  }
}
