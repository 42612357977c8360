// The panel of the poll: fills in what the template left open, and keeps the viewer's choice and focus
// while votes come in.

import { formatNumber, t, tn } from "../../i18n.js";
import { findIn } from "../../live/view/dom.js";
import { shareOf } from "../poll.js";

/** @import { OwnAnswer, Poll, PollModel, PollView, Said } from "../types.js" */

/** @implements {PollView} */
export class PollPanel {
  #root;
  #markNew;
  #form;
  #options;
  #error;
  #said;
  #results;
  /** The poll whose options stand in the form. */
  #shown = 0;

  /**
   * @param {HTMLElement} root
   * @param {() => void} markNew
   */
  constructor(root, markNew) {
    this.#root = root;
    this.#markNew = markNew;
    this.#form = /** @type {HTMLFormElement} */ (findIn(root, ".poll-form"));
    this.#options = findIn(root, ".poll-options");
    this.#error = findIn(this.#form, ".error");
    this.#said = findIn(root, "#poll-said");
    this.#results = findIn(root, ".poll-results");
    this.#shown = this.initial.poll?.id ?? 0;
  }

  /**
   * What the page came with.
   *
   * @returns {{ poll: Poll | null, answered: OwnAnswer | null }}
   */
  get initial() {
    const { poll, answer } = JSON.parse(this.#root.dataset.poll ?? "{}");
    return { poll: poll ?? null, answered: poll && answer ? { poll: poll.id, options: answer } : null };
  }

  /**
   * Call `send` with the ids of the options that the viewer has chosen.
   *
   * @param {(options: number[]) => void} send
   */
  onAnswer(send) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const chosen = new FormData(this.#form).getAll("option").map(Number);
      if (!chosen.length) return this.showRefusal(t("Choose an option first."));
      this.#showError("");
      send(chosen);
    });
  }

  /** @param {PollModel} model */
  showPoll({ poll, when, chosen, answered }) {
    for (const element of /** @type {Iterable<HTMLElement>} */ (this.#root.querySelectorAll("[data-when]"))) {
      element.hidden = !when.has(element.dataset.when ?? "");
    }
    findIn(this.#root, ".poll-card").hidden = !poll;
    if (!poll) return;
    findIn(this.#root, ".poll-question").textContent = poll.question;
    if (poll.id !== this.#shown) this.#fillForm(poll);
    this.#showForm(poll.state === "open" && !when.has("sealed"));
    // Nobody who uses this computer later finds the choice in the hidden form.
    if (when.has("sealed")) this.#form.reset();
    findIn(this.#form, "button").textContent = answered ? t("Change my answer") : t("Send my answer");
    this.#showResults(poll, chosen);
  }

  /**
   * Show or hide the form. A focus inside goes to the question, which stays.
   *
   * @param {boolean} shown
   */
  #showForm(shown) {
    const focused = this.#form.contains(document.activeElement);
    this.#form.hidden = !shown;
    if (focused && !shown) findIn(this.#root, ".poll-question").focus();
  }

  /** @param {Said} said */
  showSaid(said) {
    const texts = {
      "": "",
      sending: t("Sending your answer…"),
      counted: t("Thank you. Your answer is counted."),
      before: t("You had answered already. Your first answer counts."),
    };
    this.#said.textContent = texts[said];
  }

  /** @param {string} message */
  showRefusal(message) {
    this.showSaid("");
    this.#showError(message);
  }

  markNew() {
    this.#markNew();
  }

  /** @param {string} message */
  #showError(message) {
    this.#error.textContent = message;
    this.#error.hidden = !message;
  }

  /** @param {Poll} poll */
  #fillForm(poll) {
    this.#shown = poll.id;
    this.#showError("");
    this.#form.action = this.#form.action.replace(/\d+$/, String(poll.id));
    findIn(this.#options, "legend").textContent = poll.question;
    for (const row of this.#options.querySelectorAll(".poll-option")) row.remove();
    this.#options.append(...poll.options.map(({ id, text }) => optionRow(id, text, poll.multiple)));
  }

  /**
   * @param {Poll} poll
   * @param {number[]} chosen
   */
  #showResults({ options, answers }, chosen) {
    const count = findIn(this.#root, ".poll-count");
    this.#results.hidden = count.hidden = answers === undefined;
    if (answers === undefined) return;
    count.textContent = tn("{count} person has answered.", "{count} people have answered.", answers);
    const body = findIn(this.#results, "tbody");
    const ids = [...body.children].map((row) => /** @type {HTMLElement} */ (row).dataset.option);
    if (ids.join() !== options.map(({ id }) => id).join()) {
      body.replaceChildren(...options.map(({ id, text }) => resultRow(id, text)));
    }
    options.forEach(({ id, votes = 0 }, place) => {
      const row = /** @type {HTMLElement} */ (body.children[place]);
      const share = shareOf(votes, answers);
      row.classList.toggle("chosen", chosen.includes(id));
      findIn(row, ".poll-own").hidden = !chosen.includes(id);
      findIn(row, ".poll-votes").textContent = formatNumber(votes);
      findIn(row, ".poll-share").textContent = `${share} %`;
      row.querySelector(".poll-bar-fill")?.setAttribute("width", `${share}%`);
    });
  }
}

/**
 * @param {number} id
 * @param {string} text
 * @param {boolean} multiple
 */
function optionRow(id, text, multiple) {
  const row = copyOf("poll-option-template");
  const input = /** @type {HTMLInputElement} */ (findIn(row, "input"));
  const label = /** @type {HTMLLabelElement} */ (findIn(row, "label"));
  input.type = multiple ? "checkbox" : "radio";
  input.value = String(id);
  label.htmlFor = input.id = `option-${id}`;
  label.textContent = text;
  return row;
}

/**
 * @param {number} id
 * @param {string} text
 */
function resultRow(id, text) {
  const row = copyOf("poll-result-template");
  row.dataset.option = String(id);
  findIn(row, ".poll-option-text").textContent = text;
  return row;
}

/** @param {string} id */
function copyOf(id) {
  const template = /** @type {HTMLElement} */ (document.getElementById(id));
  const source = template instanceof HTMLTemplateElement ? template.content : template;
  return /** @type {HTMLElement} */ (source.firstElementChild?.cloneNode(true));
}
