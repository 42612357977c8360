// Helps HTMX on every page: polls that hold back, times in the reader's own zone,
// countdowns, menus, dialogs, tabs, rows, toasts, and a notice when the server cannot be reached.

import { locale, t } from "./i18n.js";
import { closeMenus, copyTexts, openDialogs, showCurrentTabs } from "./parts.js";
import { holdPolls } from "./poll.js";
import { watchRows } from "./rows.js";
import { watchToasts } from "./toasts.js";

const UNITS = /** @type {const} */ ([
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
]);
const moment = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(locale, { timeStyle: "short" });

/** Formats beside the long one, by the value of `data-local`. */
const FORMATS = new Map([
  ["exact", exact],
  ["time", clock],
]);

/** @param {ParentNode} root */
function localizeTimes(root) {
  for (const time of root.querySelectorAll("time[data-local]")) {
    if (!(time instanceof HTMLTimeElement)) continue;
    const format = FORMATS.get(time.dataset.local ?? "") ?? moment;
    time.textContent = format.format(new Date(time.dateTime));
    time.removeAttribute("data-local");
  }
  for (const zone of root.querySelectorAll("[data-zone]")) {
    zone.textContent = t("({zone}, your time zone)", { zone: moment.resolvedOptions().timeZone });
  }
}

/** Fill in the reader's zone where a form asks for days of it. */
function nameOwnZone() {
  for (const field of document.querySelectorAll("input[data-own-zone]")) {
    if (field instanceof HTMLInputElement) field.value = moment.resolvedOptions().timeZone;
  }
}

/** @param {number} seconds */
function describeRemaining(seconds) {
  const first = UNITS.findIndex(([size]) => seconds >= size);
  const parts = UNITS.slice(first, first + 2).map(([size, unit], index) => {
    const count = index ? Math.floor((seconds % UNITS[first][0]) / size) : Math.floor(seconds / size);
    return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(count);
  });
  return parts.join(", ");
}

function countDown() {
  for (const line of document.querySelectorAll(".countdown")) {
    if (!(line instanceof HTMLElement)) continue;
    const seconds = Math.floor((Date.parse(line.dataset.until ?? "") - Date.now()) / 1000);
    line.textContent =
      seconds > 0 ? t("{time} to go", { time: describeRemaining(seconds) }) : t("It is about to begin.");
    line.hidden = false;
  }
}

function showUnreachable() {
  const line = document.createElement("p");
  line.className = "error";
  line.textContent = t(
    "The server cannot be reached just now. What you typed is still here: try again in a moment.",
  );
  document.getElementById("alert")?.replaceChildren(line);
}

document.addEventListener("htmx:afterSettle", (event) => {
  localizeTimes(/** @type {HTMLElement} */ (event.target));
  countDown();
});
document.addEventListener("htmx:sendError", showUnreachable);
document.addEventListener("htmx:timeout", showUnreachable);
// The notice of a failed action stays until an action succeeds: a poll goes on by itself and proves nothing.
let failedPoll = false;
document.addEventListener("htmx:afterRequest", ({ detail: { requestConfig, xhr } }) => {
  const isPoll = !requestConfig.triggeringEvent;
  if (!xhr.status || xhr.getResponseHeader("HX-Retarget")) failedPoll = isPoll;
  else if (isPoll === failedPoll) document.getElementById("alert")?.replaceChildren();
});

holdPolls();
closeMenus();
openDialogs();
showCurrentTabs();
copyTexts();
watchRows();
watchToasts();
localizeTimes(document);
nameOwnZone();
countDown();
setInterval(countDown, 1000);
