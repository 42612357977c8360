// Builds the row of a message from the template that the page brings.

import { splitLinks } from "../links.js";
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
  showText(findIn(row, ".body"), body);
  findIn(row, "time").setAttribute("datetime", posted_at);
  showTime(row);
  return row;
}

/**
 * Show a text in which addresses are links, as the server does.
 *
 * @param {HTMLElement} element
 * @param {string} text
 */
export function showText(element, text) {
  const parts = splitLinks(text).map((part) => (part.isLink ? buildLink(part.text) : part.text));
  element.replaceChildren(...parts);
}

/** @param {string} address */
function buildLink(address) {
  const link = document.createElement("a");
  link.textContent = address;
  return Object.assign(link, { href: address, target: "_blank", rel: "noopener noreferrer nofollow" });
}

/** @param {HTMLElement} row */
export function showTime(row) {
  const time = findIn(row, "time");
  time.textContent = clock.format(new Date(time.getAttribute("datetime") ?? ""));
}
