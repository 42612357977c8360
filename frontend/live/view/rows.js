// Builds the row of a message from the template that the page brings.

import { find, findIn } from "./dom.js";

/** @import { Message } from "../types.js" */

const template = /** @type {HTMLTemplateElement} */ (find("message-template"));
/** In the reader's own zone, which the server does not know; without scripts it is the event's. */
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** @param {Pick<Message, "author" | "department" | "body" | "posted_at">} message */
export function buildRow({ author, department, body, posted_at }) {
  const row = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
  findIn(row, ".author").textContent = author;
  findIn(row, ".department").textContent = department;
  findIn(row, ".body").textContent = body;
  findIn(row, "time").setAttribute("datetime", posted_at);
  showTime(row);
  return row;
}

/** @param {HTMLElement} row */
export function showTime(row) {
  const time = findIn(row, "time");
  time.textContent = clock.format(new Date(time.getAttribute("datetime") ?? ""));
}
