// Live pages without a browser, many in one process: the modules that browsers load (frontend/live/),
// with a view that keeps a list of rows in place of the DOM.
//
// Commands arrive as lines of JSON; each event is reported as a line of JSON. Acknowledgements and
// disconnects are reported from the socket, so the ledger does not rely on what the modules believe.

import readline from "node:readline";
import { io } from "socket.io-client";
import { Chat } from "../../frontend/live/chat.js";
import { systemClock as clock } from "../../frontend/live/clock.js";
import { MessageLog } from "../../frontend/live/message_log.js";
import { Outbox } from "../../frontend/live/outbox.js";
import { Pace } from "../../frontend/live/pace.js";
import { Session } from "../../frontend/live/session.js";
import { PollState } from "../../frontend/polls/poll.js";
import { Questions } from "../../frontend/questions/questions.js";
import { MemoryStore } from "./memory_store.js";
import { RowList } from "./row_list.js";

/**
 * @import { Socket } from "socket.io-client"
 * @import { PollModel } from "../../frontend/polls/types.js"
 * @import { QuestionsView, Shown } from "../../frontend/questions/types.js"
 * @import { Ack, ChatView, Connect, LiveSocket, LogChange, OutboxView, Post, Refusal, SessionView } from "../../frontend/live/types.js"
 */

/** Like localStorage: one for each person, whose tabs share it. @type {Map<string, MemoryStore>} */
const stores = new Map();
/** @type {Map<string, Page>} */
const pages = new Map();
const random = Math.random;

/** @implements {SessionView} @implements {OutboxView} @implements {ChatView} @implements {QuestionsView} */
class Page {
  /** Nobody scrolls back here. */
  isReading = false;
  #list = new RowList();
  /** @type {Socket | undefined} */
  #socket;
  #name;
  #outbox;
  #questions;
  #asking;
  #poll;
  /** @type {PollModel["poll"]} */
  #shownPoll = null;
  /** @type {Shown[]} */
  #shown = [];

  /** @param {Record<"page" | "person" | "site" | "slug" | "cookie", string>} command */
  constructor({ page, person, site, slug, cookie }) {
    this.#name = page;
    /** @type {Connect} */
    const connect = (namespace, options) => {
      const socket = io(site + namespace, { ...options, extraHeaders: { Cookie: cookie }, forceNew: true });
      this.#socket = socket;
      return this.#observe(socket);
    };
    const session = new Session({ connect, event: slug, view: this, clock, random });
    const log = new MessageLog(clock);
    const pace = new Pace(clock);
    const storage = storeOf(person);
    this.#outbox = new Outbox({
      session,
      log,
      pace,
      view: this,
      storage,
      owner: `${slug}:${person}`,
      clock,
      random,
    });
    const chat = new Chat({ session, log, outbox: this.#outbox, view: this, viewer: 0, clock, random });
    this.#questions = new Questions({
      session,
      chat,
      view: this,
      onNew() {},
      onArrived: (ids) => this.#report("question_shown", { ids }),
      clock,
      random,
    });
    this.#asking = new Outbox({
      session,
      log: this.#questions.store,
      pace: new Pace(clock),
      view: {
        showPending() {},
        removePending() {},
        showHeld() {},
        giveBack: ({ nonce }, { code }) => {
          this.#report("question_refused", { nonce, code });
          return true;
        },
        showRefused() {},
      },
      storage,
      owner: `${slug}:${person}`,
      clock,
      random,
      box: "questions",
      request: "ask_question",
    });
    session.onConnect(() => this.#asking.askAgain());
    this.#poll = new PollState({
      session,
      chat,
      view: {
        showPoll: ({ poll }) => {
          this.#shownPoll = poll;
        },
        showSaid() {},
        showRefusal() {},
        markNew() {},
      },
      clock,
      random,
      poll: null,
      answered: null,
    });
  }

  /**
   * Answer the poll with the option at this place.
   *
   * @param {number} place
   */
  answer(place) {
    const options = this.#shownPoll?.options ?? [];
    if (options.length) this.#poll.answer([options[place % options.length].id]);
  }

  reportPoll() {
    const options = this.#shownPoll?.options ?? [];
    this.#report("rows", { rows: options.map(({ id, votes = -1 }) => [id, votes]) });
  }

  /**
   * @param {string} nonce
   * @param {string} body
   */
  ask(nonce, body) {
    this.#asking.put(nonce, body);
  }

  /** @param {number} id */
  vote(id) {
    this.#questions.vote(id);
  }

  reportQuestions() {
    this.#report("rows", { rows: this.#shown.map(({ id, votes }) => [id, votes]) });
  }

  /** @param {Shown[]} questions */
  show(questions) {
    this.#shown = questions;
  }

  reveal() {}

  showVoteRefusal() {}

  /**
   * @param {string} nonce
   * @param {string} body
   */
  write(nonce, body) {
    this.#outbox.put(nonce, body);
  }

  /**
   * Break the connection, as a network does.
   *
   * @param {number | null} awaySeconds mean time until the page reconnects; null for its own
   */
  drop(awaySeconds) {
    if (!this.#socket) return;
    const manager = this.#socket.io;
    if (awaySeconds !== null) {
      const usual = manager.reconnectionDelay();
      manager.reconnectionDelay(awaySeconds * 1000);
      this.#socket.once("connect", () => manager.reconnectionDelay(usual));
    }
    manager.engine.close();
  }

  /** Leave as a browser does that loads the page again: clicks without an answer are forgotten. */
  forget() {
    this.#socket?.disconnect();
    this.#report("question_votes_forgotten", {});
    this.#report("poll_answer_forgotten", {});
  }

  reportRows() {
    this.#report("rows", { rows: this.#list.rows.map(({ id, body }) => [id, body]) });
  }

  /** @param {LogChange} change */
  showMessages(change) {
    this.#list.apply(change);
    for (const { message } of change.inserted) this.#report("shown", { id: message.id, body: message.body });
  }

  /** @param {number} id */
  removeMessage(id) {
    this.#list.remove(id);
  }

  /** @param {LogChange} change */
  showRestored(change) {
    this.#list.apply(change);
  }

  showCaughtUp() {
    this.#report("back", {});
  }

  /**
   * @param {Post} post
   * @param {Refusal} error
   */
  giveBack({ nonce }, { code }) {
    this.#report("refused", { nonce, code });
    return true;
  }

  showRefused() {}

  leave() {
    this.#report("refused_entry", { code: "left" });
  }

  showConnected() {}
  showReconnecting() {}
  showPending() {}
  removePending() {}
  showHeld() {}

  /**
   * Report what passes over the socket.
   *
   * @param {Socket} socket
   * @returns {LiveSocket}
   */
  #observe(socket) {
    socket.on("disconnect", (reason) => this.#report("lost", { reason }));
    socket.on("connect_error", (/** @type {Error & { data?: { code?: string } }} */ { message, data }) => {
      this.#report("refused_entry", { code: data?.code ?? message });
    });
    return {
      get connected() {
        return socket.connected;
      },
      io: socket.io,
      connect: () => socket.connect(),
      disconnect: () => socket.disconnect(),
      on: (name, handler) => socket.on(name, handler),
      get volatile() {
        return socket.volatile;
      },
      timeout: (milliseconds) => ({
        emitWithAck: async (name, packet) => {
          if (name === "vote_question") this.#report("question_vote_sent", packet);
          if (name === "answer_poll") this.#report("poll_answer_sent", packet);
          const ack = await socket.timeout(milliseconds).emitWithAck(name, packet);
          if (name === "post_message") this.#reportAck(packet, ack);
          if (name === "ask_question" && ack.ok) this.#report("question_stored", { ...packet, id: ack.id });
          if (name === "vote_question")
            this.#report("question_vote_answered", { ...packet, code: ack.ok ? null : ack.error.code });
          if (name === "answer_poll")
            this.#report("poll_answer_answered", { ...packet, code: ack.ok ? null : ack.error.code });
          return ack;
        },
      }),
    };
  }

  /**
   * @param {{ nonce?: string }} packet
   * @param {Ack} ack
   */
  #reportAck({ nonce }, ack) {
    if (ack.ok) this.#report("acknowledged", { nonce, id: ack.id });
    else this.#report("put_off", { nonce, code: ack.error.code });
  }

  /**
   * @param {string} event
   * @param {object} values
   */
  #report(event, values) {
    process.stdout.write(`${JSON.stringify({ page: this.#name, event, ...values })}\n`);
  }
}

/** @param {string} person */
function storeOf(person) {
  const store = stores.get(person) ?? new MemoryStore();
  stores.set(person, store);
  return store;
}

/** @type {Record<string, (command: any) => void>} */
const commands = {
  // The same page again is a reload: only the storage outlives it.
  open: (command) => {
    pages.get(command.page)?.forget();
    pages.set(command.page, new Page(command));
  },
  ask: ({ page, nonce, body }) => pages.get(page)?.ask(nonce, body),
  vote: ({ page, id }) => pages.get(page)?.vote(id),
  answer: ({ page, place }) => pages.get(page)?.answer(place),
  poll: ({ page }) => pages.get(page)?.reportPoll(),
  questions: ({ page }) => pages.get(page)?.reportQuestions(),
  write: ({ page, nonce, body }) => pages.get(page)?.write(nonce, body),
  drop: ({ page, away }) => pages.get(page)?.drop(away),
  rows: ({ page }) => pages.get(page)?.reportRows(),
};

readline
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command = JSON.parse(line);
    commands[command.do](command);
  })
  .on("close", () => process.exit(0));
