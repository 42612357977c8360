// Builds, fills and reads the row of a question, from the template that the page brings.

import { formatNumber, locale, t } from "../../i18n.js";
import { find, findIn } from "../../live/view/dom.js";
import { showText } from "../../live/view/rows.js";

/** @import { Question, Shown } from "../types.js" */

const template = /** @type {HTMLTemplateElement} */ (find("question-template"));
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });

/** @param {number} id */
export function buildRow(id) {
  const row = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
  row.id = `question-${id}`;
  row.dataset.id = String(id);
  return row;
}

/**
 * Show a question in its row; what has not changed is left alone.
 *
 * @param {HTMLElement} row
 * @param {Shown} question
 */
export function fillRow(row, question) {
  const { votes, voted, own, state } = question;
  row.dataset.state = state;
  row.inert = false;
  row.classList.toggle("own", own);
  setText(findIn(row, ".votes"), formatNumber(votes));
  const button = /** @type {HTMLButtonElement} */ (findIn(row, ".vote"));
  button.setAttribute("aria-pressed", String(voted));
  button.disabled = state === "answered" || find("question-list").dataset.open !== "true";
  fillText(row, question);
}

/**
 * @param {HTMLElement} row
 * @param {Shown} question
 */
function fillText(row, { body, author, department, asked_at, answer, answered_at }) {
  showChanged(findIn(row, ".body"), body);
  setText(findIn(row, ".author"), author ?? t("Anonymous"));
  setText(findIn(row, ".department"), department ?? "");
  const time = findIn(row, "time");
  time.setAttribute("datetime", asked_at);
  setText(time, clock.format(new Date(asked_at)));
  showChanged(findIn(row, ".answer-text"), answer ?? "");
  setText(findIn(row, ".answer-time span"), describeAnswer(answer, answered_at));
}

/**
 * Return the question in a row that the server has rendered.
 *
 * @param {HTMLElement} row
 * @returns {Question}
 */
export function readRow(row) {
  const text = (/** @type {string} */ selector) => findIn(row, selector).textContent?.trim() ?? "";
  const { id, state, votes, anonymous, answeredAt } = row.dataset;
  return {
    id: Number(id),
    state: /** @type {Question["state"]} */ (state),
    votes: Number(votes),
    body: text(".body"),
    author: anonymous === undefined ? text(".author") : null,
    department: text(".department") || null,
    asked_at: findIn(row, "time").getAttribute("datetime") ?? "",
    answer: text(".answer-text") || null,
    answered_at: answeredAt ?? null,
    merged_into: null,
  };
}

/**
 * @param {string | null} answer
 * @param {string | null} time into the event
 */
function describeAnswer(answer, time) {
  if (!time) return "";
  return answer ? t("Answered at {time}", { time }) : t("Answered live at {time}", { time });
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {HTMLElement} element
 * @param {string} text whose addresses become links
 */
function showChanged(element, text) {
  if (element.textContent !== text) showText(element, text);
}
