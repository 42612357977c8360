// The chat: keeps the list of messages current. The page arrives complete; from then on messages come
// by packet, and after every connect the page asks for those it missed.

import { RETRY_MS } from "./session.js";

/**
 * @import { ChatView, Clock, Message, Random } from "./types.js"
 * @import { MessageLog } from "./message_log.js"
 * @import { Outbox } from "./outbox.js"
 * @import { Session } from "./session.js"
 */

export class Chat {
  #session;
  #log;
  #outbox;
  #view;
  #author;
  #clock;
  #random;
  /** @type {Map<string, (value: any) => void>} */
  #states = new Map();

  /**
   * @param {object} parts
   * @param {Session} parts.session
   * @param {MessageLog} parts.log
   * @param {Outbox} parts.outbox
   * @param {ChatView} parts.view
   * @param {string} parts.author the viewer's own name
   * @param {Clock} parts.clock
   * @param {Random} parts.random
   */
  constructor({ session, log, outbox, view, author, clock, random }) {
    this.#session = session;
    this.#log = log;
    this.#outbox = outbox;
    this.#view = view;
    this.#author = author;
    this.#clock = clock;
    this.#random = random;
    session.onConnect(() => {
      this.#catchUp();
      outbox.askAgain();
    });
    session.on("messages_posted", (messages) => this.#onPosted(messages));
    session.on("message_removed", ({ id }) => this.#remove(id));
  }

  /**
   * Call `handler` with a field of the answer to `messages_since`, which also says how everything else
   * stands: whatever changed while the page was disconnected.
   *
   * @param {string} field
   * @param {(value: any) => void} handler
   */
  onState(field, handler) {
    this.#states.set(field, handler);
  }

  /** @param {Message[]} messages */
  #onPosted(messages) {
    this.#add(messages);
    // Perhaps one that was held: only its nonce tells.
    if (messages.some(({ author }) => author === this.#author)) this.#outbox.askAgain();
  }

  /**
   * Show messages and return how many are new.
   *
   * @param {Message[]} messages
   */
  #add(messages) {
    const change = this.#log.add(messages);
    for (const { id } of messages) this.#outbox.arrived(id);
    this.#view.showMessages(change);
    return change.inserted.length;
  }

  /** @param {number} id */
  #remove(id) {
    this.#log.remove(id);
    this.#view.removeMessage(id);
  }

  async #catchUp() {
    let after = this.#log.resumeFrom;
    let count = 0;
    for (let more = true; more; ) {
      const ack = await this.#session.request("messages_since", { after });
      if (!ack?.ok) return this.#catchUpLater();
      for (const id of ack.removed ?? []) this.#remove(id);
      count += this.#add(ack.messages);
      for (const [field, handler] of this.#states) if (field in ack) handler(ack[field]);
      after = ack.messages.at(-1)?.id ?? after;
      more = ack.more;
    }
    this.#view.showCaughtUp(this.#session.lost ? count : 0);
    this.#session.lost = false;
  }

  #catchUpLater() {
    const retry = () => {
      if (this.#session.connected) this.#catchUp();
    };
    this.#clock.setTimeout(retry, RETRY_MS * (1 + this.#random()));
  }
}
