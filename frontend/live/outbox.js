// The outbox: messages, or questions, that were written here and that the server has not acknowledged yet.
//
// Nothing is lost and nothing is stored twice: a post carries a nonce and stays in the browser's
// storage, also over a reload, until the server has acknowledged it or refused it for good. Each post
// has an entry of its own, since two tabs that kept one list would overwrite each other's.

import { RETRY_MS, retryDelay } from "./session.js";

/**
 * @import { Clock, KeyValueStore, OutboxView, Post, Random, Refusal } from "./types.js"
 * @import { Pace } from "./pace.js"
 * @import { Session } from "./session.js"
 */

/** Refusals that sending again would not change. */
const FINAL = new Set(["invalid", "muted", "chat_closed", "event_not_open"]);

export class Outbox {
  #session;
  #pace;
  #log;
  #view;
  #storage;
  #prefix;
  #request;
  #onStored;
  #clock;
  #random;
  /** @type {Post[]} */
  #waiting;
  /** Posts that are stored, by their ids, until the message itself arrives. @type {Map<number, string>} */
  #stored = new Map();
  #sending = false;
  /** The timer of the next attempt, undefined when none is due. @type {unknown} */
  #retry;

  /**
   * @param {object} parts
   * @param {Session} parts.session
   * @param {Pace} parts.pace
   * @param {{ has(id: number): boolean }} parts.log what is on the page already
   * @param {OutboxView} parts.view
   * @param {KeyValueStore} parts.storage
   * @param {string} parts.owner event and viewer: what is stored for another one is left alone
   * @param {Clock} parts.clock
   * @param {Random} parts.random
   * @param {string} [parts.box] the name under which the browser stores these posts
   * @param {string} [parts.request] the event that sends one
   * @param {(id: number) => void} [parts.onStored] called with the id of each post that the server has stored
   */
  constructor({
    session,
    pace,
    log,
    view,
    storage,
    owner,
    clock,
    random,
    box = "outbox",
    request = "post_message",
    onStored = () => {},
  }) {
    this.#session = session;
    this.#pace = pace;
    this.#log = log;
    this.#view = view;
    this.#storage = storage;
    this.#prefix = `townhall:${box}:${owner}:`;
    this.#request = request;
    this.#onStored = onStored;
    this.#clock = clock;
    this.#random = random;
    this.#waiting = this.#load();
    for (const post of this.#waiting) view.showPending(post);
  }

  /** Whether a post waits to be sent. */
  get isWaiting() {
    return this.#waiting.some((post) => !post.known && !post.refused);
  }

  /**
   * Take a new message and send it as soon as possible.
   *
   * @param {string} nonce names it for the server, which stores a nonce once
   * @param {string} body
   * @param {object} [fields] further ones of the packet
   */
  put(nonce, body, fields) {
    /** @type {Post} */
    const post = { nonce, body, written_at: new Date(this.#clock.now()).toISOString(), fields };
    this.#waiting.push(post);
    this.#save(post);
    this.#view.showPending(post);
    // A post before it may have to wait, and the new one waits behind it.
    if (this.#retry === undefined) this.send();
  }

  /**
   * Send a refused post again.
   *
   * @param {string} nonce
   * @param {string} anew its next nonce: the first one may be spent
   */
  retry(nonce, anew) {
    const post = this.#waiting.find((one) => one.nonce === nonce);
    if (!post) return;
    this.discard(nonce);
    this.put(anew, post.body, post.fields);
  }

  /** @param {string} nonce of a refused post that its author gives up */
  discard(nonce) {
    this.#drop(nonce);
    this.#view.removePending(nonce);
  }

  /** Send every post again, also those that were waiting for approval, to learn their state. */
  askAgain() {
    for (const post of this.#waiting) post.held = false;
    this.send();
  }

  /**
   * Note that a message is on the page: if it is one of ours, it is not on its way any more.
   *
   * @param {number} id
   */
  arrived(id) {
    const nonce = this.#stored.get(id);
    if (nonce === undefined) return;
    this.#stored.delete(id);
    this.#view.removePending(nonce);
  }

  /** Send at once, one post after the other: they are stored in the order in which they were written. */
  async send() {
    const post = this.#next();
    if (this.#sending || !this.#session.connected || !post) return;
    this.#clock.clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#sending = true;
    const pause = (!post.known && this.#pace.slowFor) || (await this.#deliver(post));
    this.#sending = false;
    if (pause) this.#retry = this.#clock.setTimeout(() => this.send(), pause);
    else this.send();
  }

  #next() {
    return this.#waiting.find((post) => !post.held && !post.refused);
  }

  /**
   * Send a post and return the milliseconds to wait before the next attempt.
   *
   * @param {Post} post
   */
  async #deliver(post) {
    const { nonce, body, fields } = post;
    const ack = await this.#session.request(this.#request, { nonce, body, ...fields });
    if (!ack) return RETRY_MS;
    if (!ack.ok) return this.#putOff(post, ack.error);
    if (!post.known) this.#pace.posted();
    if (ack.held) this.#hold(post);
    else this.#settle(post, ack.id);
    return 0;
  }

  /**
   * Give the post back when it is refused for good; else return the milliseconds to wait.
   *
   * @param {Post} post
   * @param {Refusal} error
   */
  #putOff(post, error) {
    if (FINAL.has(error.code)) {
      this.#refuse(post, error);
      return 0;
    }
    if (error.code === "slow_down") {
      this.#pace.wait("slow", error.retry_after ?? 2);
      return this.#pace.slowFor;
    }
    return retryDelay(error, this.#random);
  }

  /**
   * @param {Post} post
   * @param {number} id
   */
  #settle(post, id) {
    this.#drop(post.nonce);
    this.#stored.set(id, post.nonce);
    this.#onStored(id);
    if (this.#log.has(id)) this.arrived(id);
  }

  /** @param {Post} post */
  #hold(post) {
    post.held = true;
    post.known = true;
    this.#save(post);
    this.#view.showHeld(post.nonce);
  }

  /**
   * @param {Post} post
   * @param {Refusal} error
   */
  #refuse(post, error) {
    if (error.code === "muted" && error.retry_after) this.#pace.wait("muted", error.retry_after);
    if (this.#view.giveBack(post, error)) return this.discard(post.nonce);
    post.refused = error.message;
    this.#save(post);
    this.#view.showRefused(post.nonce, post.refused);
  }

  /** @returns {Post[]} the posts that an earlier page or another tab left, in the order of writing */
  #load() {
    const keys = Array.from({ length: this.#storage.length }, (_, index) => this.#storage.key(index) ?? "");
    const posts = keys.filter((key) => key.startsWith(this.#prefix)).map((key) => this.#read(key));
    return posts
      .filter((post) => post !== null)
      .sort((one, other) => one.written_at.localeCompare(other.written_at));
  }

  /**
   * Return a stored post, null when the entry is not one: somebody else may write here, too.
   *
   * @param {string} key
   * @returns {Post | null}
   */
  #read(key) {
    try {
      const post = JSON.parse(this.#storage.getItem(key) ?? "null");
      return [post.nonce, post.body, post.written_at].every((value) => typeof value === "string")
        ? post
        : null;
    } catch {
      return null;
    }
  }

  /** @param {Post} post */
  #save(post) {
    try {
      this.#storage.setItem(this.#prefix + post.nonce, JSON.stringify(post));
    } catch {
      // The storage is full or forbidden: the post lasts as long as the page.
    }
  }

  /** @param {string} nonce */
  #drop(nonce) {
    this.#waiting = this.#waiting.filter((post) => post.nonce !== nonce);
    try {
      this.#storage.removeItem(this.#prefix + nonce);
    } catch {
      // As above.
    }
  }
}
