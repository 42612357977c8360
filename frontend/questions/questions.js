// The questions of the live page, without DOM: keeps the store current and tells the view.

import { Calm } from "./calm.js";
import { QuestionStore } from "./store.js";
import { Voting } from "./voting.js";

/**
 * @import { Clock, Random } from "../live/types.js"
 * @import { Chat } from "../live/chat.js"
 * @import { Session } from "../live/session.js"
 * @import { Question, QuestionsView, Sort } from "./types.js"
 */

export class Questions {
  store = new QuestionStore();
  #view;
  #calm;
  #voting;
  #onNew;
  #onArrived;
  /** @type {Sort} */
  #sort = "votes";
  /** The viewer's own question that is stored and not on the page yet. */
  #awaited = 0;

  /**
   * @param {object} parts
   * @param {Session} parts.session
   * @param {Pick<Chat, "onState">} parts.chat
   * @param {QuestionsView} parts.view
   * @param {(count: number) => void} parts.onNew called with the number of questions that others have asked
   * @param {(ids: number[]) => void} parts.onArrived called with the ids of questions that are on the page
   * @param {Clock} parts.clock
   * @param {Random} parts.random
   */
  constructor({ session, chat, view, onNew, onArrived, clock, random }) {
    this.#view = view;
    this.#onNew = onNew;
    this.#onArrived = onArrived;
    this.#calm = new Calm(clock, () => this.show());
    this.#voting = new Voting({
      session,
      store: this.store,
      onChange: () => this.show(),
      onRefusal: (message) => view.showVoteRefusal(message),
      clock,
      random,
    });
    session.on("questions_changed", (questions) => this.#take(questions));
    session.on("votes_changed", (counts) => this.#change(() => this.store.count(counts)));
    chat.onState("voted", (ids) => this.#change(() => this.store.setVoted(ids)));
    chat.onState("asked", (ids) => this.#change(() => this.store.setAsked(ids)));
    chat.onState("questions", (questions) => {
      this.#change(() => this.store.replace(questions));
      this.#onArrived(questions.map((/** @type {Question} */ { id }) => id));
    });
  }

  /**
   * Begin with what the page came with.
   *
   * @param {{ questions: Question[], voted: number[], asked: number[] }} state
   */
  begin({ questions, voted, asked }) {
    this.store.setVoted(voted);
    this.store.setAsked(asked);
    this.store.replace(questions);
  }

  /** @param {Sort} sort */
  sortBy(sort) {
    this.#sort = sort;
    this.#calm.release();
    this.show();
  }

  /**
   * Bring a question that the viewer has just asked into sight, as soon as it is on the page.
   *
   * @param {number} id
   */
  welcome(id) {
    this.store.addAsked(id);
    this.#calm.release();
    this.#awaited = id;
    this.show();
  }

  /** @param {number} id */
  vote(id) {
    this.#calm.touch();
    this.#voting.toggle(id);
  }

  /** Note that a finger or the pointer is on the list: nothing moves for a moment. */
  touch() {
    this.#calm.touch();
  }

  /** Note that the pointer has left the list. */
  leave() {
    this.#calm.release();
  }

  /** Show every question as it stands. */
  show() {
    this.#view.show(this.store.list(this.#sort), this.#calm.settled);
    if (!this.store.has(this.#awaited)) return;
    this.#view.reveal(this.#awaited);
    this.#awaited = 0;
  }

  /** @param {Question[]} questions */
  #take(questions) {
    const fresh = this.store.add(questions);
    this.show();
    this.#onArrived(questions.map(({ id }) => id));
    const foreign = this.store.list("newest").filter(({ id, own }) => fresh.includes(id) && !own);
    if (foreign.length) this.#onNew(foreign.length);
  }

  /** @param {() => void} change */
  #change(change) {
    change();
    this.show();
  }
}
