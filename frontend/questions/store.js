// The questions that the page knows, with the votes of this viewer: those that the server has stored, and
// those that are on their way.

/** @import { Question, Shown, Sort } from "./types.js" */

/** The one being answered, then those that wait for an answer, then answered ones. */
const RANKS = { answering: 0, open: 1, answered: 2, hidden: 3 };

export class QuestionStore {
  /** @type {Map<number, Question>} */
  #questions = new Map();
  /** Votes that the server has stored. @type {Set<number>} */
  #voted = new Set();
  /** Votes, or votes taken back, that the server has not confirmed. @type {Map<number, boolean>} */
  #wanted = new Map();
  /** @type {Set<number>} */
  #asked = new Set();

  /** @param {number} id */
  has(id) {
    return this.#questions.has(id);
  }

  /** The question that is being answered now, undefined when there is none. */
  get answering() {
    return [...this.#questions.values()].find(({ state }) => state === "answering");
  }

  /**
   * Take in how all questions stand; those that are not among them are gone.
   *
   * @param {Question[]} questions
   */
  replace(questions) {
    const before = [...this.#questions.keys()];
    this.#questions.clear();
    this.add(questions);
    for (const id of before) if (!this.has(id)) this.#wanted.delete(id);
  }

  /**
   * Take in questions that are new or have changed, and return the ids of new ones.
   *
   * @param {Question[]} questions
   */
  add(questions) {
    const fresh = questions.filter(({ id, state }) => state !== "hidden" && !this.has(id));
    for (const question of questions) this.#put(question);
    return fresh.map(({ id }) => id);
  }

  /**
   * Take in numbers of votes.
   *
   * @param {Record<string, number>} counts by question id
   */
  count(counts) {
    for (const [id, votes] of Object.entries(counts)) {
      const question = this.#questions.get(Number(id));
      if (question) question.votes = votes;
    }
  }

  /** @param {number[]} ids that the server has of this viewer */
  setVoted(ids) {
    this.#voted = new Set(ids);
  }

  /** @param {number[]} ids of the questions that this viewer has asked */
  setAsked(ids) {
    this.#asked = new Set(ids);
  }

  /** @param {number} id of a question that this viewer has asked */
  addAsked(id) {
    this.#asked.add(id);
  }

  /**
   * Return whether the viewer has voted, as the page shows it.
   *
   * @param {number} id
   */
  hasVoted(id) {
    return this.#wanted.get(id) ?? this.#voted.has(id);
  }

  /**
   * Show a vote before the server has stored it.
   *
   * @param {number} id
   * @param {boolean} vote
   */
  want(id, vote) {
    this.#wanted.set(id, vote);
  }

  /**
   * Note that the server has stored a vote, and how many the question has now.
   *
   * @param {number} id
   * @param {boolean} vote
   * @param {number} votes
   */
  confirm(id, vote, votes) {
    if (vote) this.#voted.add(id);
    else this.#voted.delete(id);
    if (this.#wanted.get(id) === vote) this.#wanted.delete(id);
    this.count({ [id]: votes });
  }

  /**
   * Show again what the server has stored.
   *
   * @param {number} id
   */
  revert(id) {
    this.#wanted.delete(id);
  }

  /**
   * Return the questions in the order in which they are shown.
   *
   * @param {Sort} sort
   * @returns {Shown[]}
   */
  list(sort) {
    const shown = [...this.#questions.values()].map((question) => this.#shown(question));
    return shown.sort((one, other) => {
      const rank = RANKS[one.state] - RANKS[other.state];
      const votes = sort === "votes" ? other.votes - one.votes : 0;
      return (sort === "votes" ? rank : 0) || votes || other.id - one.id;
    });
  }

  /** @param {Question} question */
  #put(question) {
    const { id, state, merged_into } = question;
    if (merged_into !== null && this.#voted.has(id)) this.#voted.add(merged_into);
    if (state === "hidden") this.#questions.delete(id);
    else this.#questions.set(id, { ...question });
  }

  /**
   * @param {Question} question
   * @returns {Shown}
   */
  #shown(question) {
    const { id } = question;
    const [voted, stored] = [this.hasVoted(id), this.#voted.has(id)];
    const votes = question.votes + Number(voted) - Number(stored);
    return { ...question, votes, voted, own: this.#asked.has(id) };
  }
}
