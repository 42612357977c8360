// The poll on the live page: the one opened last, the viewer's answer to it, and answers on their way.
//
// An answer is sent again until the server has acknowledged or refused it. That is safe: a person has
// one answer, whatever is sent.

import { RETRY_MS, retryDelay } from "../live/session.js";

/**
 * @import { Clock, Random } from "../live/types.js"
 * @import { Chat } from "../live/chat.js"
 * @import { Session } from "../live/session.js"
 * @import { OwnAnswer, Poll, PollView } from "./types.js"
 */

/** Refusals that sending again would not change. */
const FINAL = new Set(["invalid", "event_not_open"]);

export class PollState {
  #session;
  #view;
  #clock;
  #random;
  #poll;
  #answered;
  /** The answer on its way. @type {{ id: number, options: number[] } | null} */
  #wanted = null;
  #sending = false;

  /**
   * @param {object} parts
   * @param {Pick<Session, "connected" | "on" | "onConnect" | "request">} parts.session
   * @param {Pick<Chat, "onState">} parts.chat
   * @param {PollView} parts.view
   * @param {Clock} parts.clock
   * @param {Random} parts.random
   * @param {Poll | null} parts.poll that the page came with
   * @param {OwnAnswer | null} parts.answered
   */
  constructor({ session, chat, view, clock, random, poll, answered }) {
    this.#session = session;
    this.#view = view;
    this.#clock = clock;
    this.#random = random;
    this.#poll = poll;
    this.#answered = answered;
    session.on("poll_changed", (changed) => this.#take(changed));
    session.onConnect(() => this.#send());
    chat.onState("poll", (current) => current && this.#take(current));
    chat.onState("answered", (own) => this.#learn(own));
    this.#show();
  }

  /**
   * Take the viewer's answer and send it as soon as possible; a later one replaces it.
   *
   * @param {number[]} options ids of the chosen options, at least one
   */
  answer(options) {
    if (this.#poll?.state !== "open") return;
    this.#wanted = { id: this.#poll.id, options };
    this.#view.showSaid("sending");
    this.#send();
  }

  /** @param {Poll} poll */
  #take(poll) {
    const before = this.#poll;
    this.#poll = poll;
    if (before?.id !== poll.id) this.#view.showSaid("");
    if (before?.id !== poll.id || before.state !== poll.state) this.#view.markNew();
    this.#show();
  }

  /** @param {OwnAnswer | null} own as the server knew it when this page caught up */
  #learn(own) {
    // One that was acknowledged since then is newer than "none".
    if (!own && this.#answered?.poll === this.#poll?.id) return;
    this.#answered = own;
    this.#show();
  }

  async #send() {
    const wanted = this.#wanted;
    if (!wanted || this.#sending || !this.#session.connected) return;
    this.#sending = true;
    const ack = await this.#session.request("answer_poll", wanted);
    this.#sending = false;
    if (ack?.ok) this.#count(wanted, Boolean(ack.repeated));
    else if (ack && FINAL.has(ack.error.code)) this.#refuse(wanted, ack.error.message);
    else this.#clock.setTimeout(() => this.#send(), ack ? retryDelay(ack.error, this.#random) : RETRY_MS);
    if (this.#wanted !== wanted) this.#send();
  }

  /**
   * @param {{ id: number, options: number[] }} wanted
   * @param {boolean} repeated
   */
  #count(wanted, repeated) {
    const secret = this.#poll?.id === wanted.id && this.#poll.secret;
    this.#answered = { poll: wanted.id, options: secret ? [] : wanted.options };
    if (this.#wanted === wanted) {
      this.#wanted = null;
      this.#view.showSaid(repeated ? "before" : "counted");
    }
    this.#show();
  }

  /**
   * @param {object} wanted
   * @param {string} message
   */
  #refuse(wanted, message) {
    if (this.#wanted !== wanted) return;
    this.#wanted = null;
    this.#view.showRefusal(message);
  }

  #show() {
    const poll = this.#poll;
    const own = poll && this.#answered?.poll === poll.id ? this.#answered : null;
    this.#view.showPoll({
      poll,
      when: conditionsOf(poll, own !== null),
      chosen: own?.options ?? [],
      answered: own !== null,
    });
  }
}

/**
 * Return what holds for a poll, as `data-when` names it; templates/polls/_poll.html has the same rule.
 *
 * @param {Poll | null} poll
 * @param {boolean} answered
 */
export function conditionsOf(poll, answered) {
  if (!poll) return new Set(["none"]);
  if (poll.state === "closed") return new Set(["closed"]);
  const sealed = poll.secret && answered;
  const conditions = {
    secret: poll.secret && !answered,
    named: !poll.secret,
    later: !poll.live_results,
    several: poll.multiple && !sealed,
    sealed,
  };
  return new Set(Object.entries(conditions).flatMap(([name, holds]) => (holds ? [name] : [])));
}

/**
 * Return the share of the employees who answered, in whole per cent; a half is rounded up.
 *
 * @param {number} votes
 * @param {number} answers
 */
export function shareOf(votes, answers) {
  return answers ? Math.floor((200 * votes + answers) / (2 * answers)) : 0;
}
