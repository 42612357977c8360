// Builds the row of a message from the template that the page brings, and completes the rows that the
// server made: what depends on the reader's zone, and what needs a script.

import { avatarColor, initials } from "../../avatar.js";
import { locale, t } from "../../i18n.js";
import { placeAfter } from "../groups.js";
import { splitLinks } from "../links.js";
import { splitMentions } from "../mentions.js";
import { find, findIn } from "./dom.js";

/** @import { Message } from "../types.js" */

const template = /** @type {HTMLTemplateElement} */ (find("message-template"));
const viewerName = find("chat").dataset.author ?? "";
/** In the reader's own zone, which the server does not know; without scripts it is the event's. */
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const calendar = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
/** A longer text, or one of more lines, is folded. */
const FOLDED = { characters: 320, lines: 6 };

/** @param {Pick<Message, "author" | "department" | "body" | "posted_at" | "host">} message */
export function buildRow({ author, department, body, posted_at, host }) {
  const row = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
  const avatar = findIn(row, ".avatar");
  avatar.className = `avatar avatar-${avatarColor(author)}`;
  avatar.textContent = initials(author);
  findIn(row, ".author").textContent = author;
  if (host) markAsHost(row);
  else findIn(row, ".department").textContent = department;
  showText(findIn(row, ".body"), body);
  findIn(row, "time").setAttribute("datetime", posted_at);
  completeRow(row);
  return row;
}

/** @param {HTMLElement} row */
function markAsHost(row) {
  const badge = document.createElement("span");
  badge.className = "badge accent";
  badge.textContent = t("Host");
  findIn(row, ".department").replaceWith(badge);
  row.classList.add("host");
}

/**
 * Show the time in the reader's zone, mark mentions of the viewer, and fold a long text.
 *
 * @param {HTMLElement} row
 */
export function completeRow(row) {
  const time = findIn(row, "time");
  time.textContent = clock.format(new Date(time.getAttribute("datetime") ?? ""));
  const body = findIn(row, ".body");
  row.classList.toggle("mentioned", markMentions(body));
  const text = body.textContent ?? "";
  if (text.length > FOLDED.characters || text.split("\n").length > FOLDED.lines) fold(row, body);
}

/**
 * Arrange a row after the one before it: under the same name, or below the date of its day.
 *
 * @param {HTMLElement} row
 * @param {Element | null} before null for the first row
 */
export function arrangeRow(row, before) {
  const place = placeOf(row);
  const { follows, newDay } = placeAfter(place, before && placeOf(before), Date.now());
  row.classList.toggle("follows", follows);
  row.querySelector(".day")?.remove();
  if (!newDay) return;
  const day = document.createElement("p");
  day.className = "day";
  day.textContent = calendar.format(place.at);
  row.prepend(day);
}

/** @param {Element} row */
function placeOf(row) {
  const { authorId = "" } = /** @type {HTMLElement} */ (row).dataset;
  return { author: authorId, at: Date.parse(row.querySelector("time")?.getAttribute("datetime") ?? "") };
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

/**
 * Mark the mentions of the viewer in an element and return whether there are any.
 *
 * @param {HTMLElement} element
 */
function markMentions(element) {
  let found = false;
  for (const node of [...element.childNodes]) {
    if (!(node instanceof Text)) continue;
    const parts = splitMentions(node.data, viewerName);
    if (!parts.some((part) => part.isMention)) continue;
    found = true;
    node.replaceWith(...parts.map((part) => (part.isMention ? buildMark(part.text) : part.text)));
  }
  return found;
}

/** @param {string} text */
function buildMark(text) {
  const mark = document.createElement("mark");
  mark.textContent = text;
  return mark;
}

/**
 * @param {HTMLElement} row
 * @param {HTMLElement} body
 */
function fold(row, body) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "fold quiet small";
  const show = (/** @type {boolean} */ open) => {
    body.classList.toggle("folded", !open);
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? t("Show less") : t("Show more");
  };
  show(false);
  button.addEventListener("click", () => show(body.classList.contains("folded")));
  row.append(button);
}
