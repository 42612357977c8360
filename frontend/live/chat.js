// The chat: keeps the list of messages current. The page arrives complete; from then on messages come
// by packet, and after every connect the page asks for those it missed.

import { ANSWER_MS, RETRY_MS, retryDelay } from "./session.js";

/**
 * @import { ChatView, Clock, Message, Random, Refusal } from "./types.js"
 * @import { MessageLog } from "./message_log.js"
 * @import { Outbox } from "./outbox.js"
 * @import { Session } from "./session.js"
 */

/** How long a page that was in the background waits for a sign of life. */
const PROBE_MS = 1_000;

export class Chat {
  #session;
  #log;
  #outbox;
  #view;
  #viewer;
  #clock;
  #random;
  /** @type {{ field: string, handler: (value: any, answer?: any) => void }[]} */
  #states = [];

  /**
   * @param {object} parts
   * @param {Session} parts.session
   * @param {MessageLog} parts.log
   * @param {Outbox} parts.outbox
   * @param {ChatView} parts.view
   * @param {number} parts.viewer the viewer's id, as messages have it in `author_id`
   * @param {Clock} parts.clock
   * @param {Random} parts.random
   */
  constructor({ session, log, outbox, view, viewer, clock, random }) {
    this.#session = session;
    this.#log = log;
    this.#outbox = outbox;
    this.#view = view;
    this.#viewer = viewer;
    this.#clock = clock;
    this.#random = random;
    session.onConnect(() => {
      this.#catchUp();
      outbox.askAgain();
    });
    session.on("messages_posted", (messages) => this.#onPosted(messages));
    session.on("message_removed", ({ id }) => this.#remove(id));
    session.on("message_restored", (message) => this.#restore(message));
    // The answer to a rejected post says so, and gives its text back.
    session.on("message_rejected", () => outbox.askAgain());
  }

  /**
   * Call `handler` with a field of the answer to `messages_since` and the whole answer, which also says how
   * everything else stands: whatever changed while the page was disconnected.
   *
   * @param {string} field
   * @param {(value: any, answer?: any) => void} handler
   */
  onState(field, handler) {
    this.#states.push({ field, handler });
  }

  /**
   * Make sure, within two seconds, that the page is up to date: after it was in the background, its
   * connection may be dead without anybody having noticed.
   */
  async refresh() {
    if (!this.#session.connected || !(await this.#catchUp(PROBE_MS))) this.#session.reconnect();
  }

  /** @param {Message[]} messages */
  #onPosted(messages) {
    this.#add(messages);
    // Perhaps one that was held: only its nonce tells.
    if (messages.some(({ author_id }) => author_id === this.#viewer)) this.#outbox.askAgain();
  }

  /**
   * Show messages and return how many are new.
   *
   * @param {Message[]} messages
   */
  #add(messages) {
    const change = this.#log.add(messages, { reading: this.#view.isReading });
    for (const { id } of messages) this.#outbox.arrived(id);
    this.#view.showMessages(change);
    return change.inserted.length;
  }

  /** @param {number} id */
  #remove(id) {
    this.#log.remove(id);
    this.#view.removeMessage(id);
  }

  /** @param {Message} message */
  #restore(message) {
    const { before, ...change } = this.#log.restore(message);
    this.#view.showRestored(change, before);
  }

  /**
   * Ask for what the page missed and return whether the server answered.
   *
   * @param {number} [patience] milliseconds to wait for each answer
   */
  async #catchUp(patience = ANSWER_MS) {
    let after = this.#log.resumeFrom;
    let count = 0;
    for (let more = true; more; ) {
      const ack = await this.#session.request("messages_since", { after }, patience);
      if (!ack?.ok) {
        this.#catchUpLater(ack?.error);
        return ack !== undefined;
      }
      for (const id of ack.removed ?? []) this.#remove(id);
      for (const message of ack.restored ?? []) this.#restore(message);
      count += this.#add(ack.messages);
      for (const { field, handler } of this.#states) if (field in ack) handler(ack[field], ack);
      after = ack.messages.at(-1)?.id ?? after;
      more = ack.more;
    }
    this.#view.showCaughtUp(this.#session.lost ? count : 0);
    this.#session.lost = false;
    return true;
  }

  /** @param {Refusal} [error] of the server, when it answered */
  #catchUpLater(error) {
    const retry = () => {
      if (this.#session.connected) this.#catchUp();
    };
    const delay = error ? retryDelay(error, this.#random) : RETRY_MS * (1 + this.#random());
    this.#clock.setTimeout(retry, delay);
  }
}
