// The list of questions on the page, and the question that is being answered now.

import { find, findIn } from "../../live/view/dom.js";
import { showText } from "../../live/view/rows.js";
import { buildRow, fillRow, readRow } from "./rows.js";

/** @import { Question, QuestionsView, Shown } from "../types.js" */

/** @implements {QuestionsView} */
export class QuestionList {
  #list = find("question-list");
  #empty = find("questions-empty");
  #answering = find("answering");
  #notify;
  /** @type {Map<number, HTMLElement>} */
  #rows = new Map();

  /** @param {(text: string) => void} notify */
  constructor(notify) {
    this.#notify = notify;
    for (const row of /** @type {HTMLCollectionOf<HTMLElement>} */ (this.#list.children))
      this.#rows.set(Number(row.dataset.id), row);
  }

  /** The questions that the page came with. */
  read() {
    const rows = [...this.#rows.values()];
    const ids = (/** @type {(row: HTMLElement) => boolean} */ test) =>
      rows.filter(test).map((row) => Number(row.dataset.id));
    return {
      questions: rows.map(readRow),
      voted: ids((row) => findIn(row, ".vote").getAttribute("aria-pressed") === "true"),
      asked: ids((row) => row.classList.contains("own")),
    };
  }

  /**
   * Call `vote` with the id of a question whose button is pressed, `touch` while a finger or pointer is on
   * the list or the focus comes into it, and `leave` when the pointer has left it.
   *
   * @param {{ vote: (id: number) => void, touch: () => void, leave: () => void }} handlers
   */
  listen({ vote, touch, leave }) {
    this.#list.addEventListener("click", (event) => {
      const target = event.target instanceof Element ? event.target : null;
      const row = target?.closest(".vote")?.closest("li");
      if (!row) return;
      event.preventDefault();
      vote(Number(row.dataset.id));
    });
    for (const name of ["pointermove", "pointerdown", "touchstart", "focusin", "wheel"])
      this.#list.addEventListener(name, touch, { passive: true });
    this.#list.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && leave());
  }

  /**
   * @param {Shown[]} questions
   * @param {boolean} settled
   */
  show(questions, settled) {
    for (const question of questions) this.#showRow(question);
    const ids = new Set(questions.map(({ id }) => id));
    for (const [id, row] of this.#rows) if (!ids.has(id)) this.#remove(id, row, settled);
    if (settled) this.#order(questions);
    this.#empty.hidden = questions.length > 0;
    this.#showAnswering(questions.find(({ state }) => state === "answering"));
  }

  /** @param {number} id */
  reveal(id) {
    const row = this.#rows.get(id);
    row?.scrollIntoView({ block: "nearest" });
    row?.classList.add("fresh");
    row?.addEventListener("animationend", () => row.classList.remove("fresh"), { once: true });
  }

  /** @param {string} message */
  showVoteRefusal(message) {
    this.#notify(message);
  }

  /** @param {Shown} question */
  #showRow(question) {
    let row = this.#rows.get(question.id);
    if (!row) {
      row = buildRow(question.id);
      this.#rows.set(question.id, row);
      // At the end nothing moves; it gets its place when the list is settled.
      this.#list.append(row);
    }
    fillRow(row, question);
  }

  /**
   * @param {number} id
   * @param {HTMLElement} row
   * @param {boolean} settled
   */
  #remove(id, row, settled) {
    row.inert = true;
    if (!settled) return;
    row.remove();
    this.#rows.delete(id);
  }

  /** @param {Shown[]} questions */
  #order(questions) {
    const focused = document.activeElement;
    let place = this.#list.firstElementChild;
    for (const { id } of questions) {
      const row = this.#rows.get(id);
      if (!row) continue;
      if (row === place) place = place.nextElementSibling;
      else this.#list.insertBefore(row, place);
    }
    // A row that moves loses the focus.
    if (focused instanceof HTMLElement && this.#list.contains(focused))
      focused.focus({ preventScroll: true });
  }

  /** @param {Question | undefined} question */
  #showAnswering(question) {
    const text = findIn(this.#answering, ".answering-text");
    if (question && text.textContent !== question.body) showText(text, question.body);
    findIn(this.#answering, "details").hidden = !question;
  }
}
