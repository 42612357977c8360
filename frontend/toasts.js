// The toast region: short confirmations that leave by themselves. A server sends them in the page, or
// with a fragment in the header HX-Trigger (webapp/http/toasts.py).

import { t } from "./i18n.js";
import { drawIcon } from "./icon.js";

/** @typedef {{text: string, undo?: string}} Toast */

const SHOWN_MS = 6_000;
const SHOWN_WITH_BUTTON_MS = 12_000;
/** Three cover a quarter of a phone. */
const MOST_SHOWN = 2;

function region() {
  return document.getElementById("toasts");
}

/** @param {string} address */
function undoForm(address) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = address;
  const token = document.createElement("input");
  token.type = "hidden";
  token.name = "csrf_token";
  token.value = document.querySelector(/** @type {"input"} */ ("input[name=csrf_token]"))?.value ?? "";
  const button = document.createElement("button");
  button.textContent = t("Undo");
  form.append(token, button);
  return form;
}

/** @param {HTMLElement} toast */
function addCloseButton(toast) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "icon-button";
  button.ariaLabel = t("Close");
  button.append(drawIcon("x"));
  button.addEventListener("click", () => toast.remove());
  toast.append(button);
}

/** Remove the toast after a while, but not while it is read or its button is about to be pressed.
 * @param {HTMLElement} toast */
function leaveLater(toast) {
  const pause = toast.querySelector("form") ? SHOWN_WITH_BUTTON_MS : SHOWN_MS;
  const timer = setInterval(() => {
    if (toast.matches(":hover, :focus-within")) return;
    clearInterval(timer);
    toast.remove();
  }, pause);
}

/** Take the oldest toasts from the screen, those without a button first. The text stays for its time: a
 * screen reader may not have read it yet. */
function makeRoom() {
  const shown = [...(region()?.querySelectorAll(/** @type {"div"} */ (".toast")) ?? [])];
  const older = shown.slice(0, -1).filter((toast) => !toast.matches(":hover, :focus-within"));
  const [plain, undoable] = [false, true].map((can) =>
    older.filter((toast) => can === Boolean(toast.querySelector("form"))),
  );
  for (const toast of [...plain, ...undoable].slice(0, Math.max(shown.length - MOST_SHOWN, 0))) {
    for (const control of toast.querySelectorAll(":scope > :not(p)")) control.remove();
    toast.className = "visually-hidden";
  }
}

/** @param {HTMLElement[]} toasts */
function present(toasts) {
  for (const toast of toasts) {
    addCloseButton(toast);
    // Appended anew: screen readers announce changes of a live region, not what it began with.
    region()?.append(toast);
    leaveLater(toast);
  }
  makeRoom();
}

/** @param {Toast} toast */
function draw({ text, undo }) {
  const toast = document.createElement("div");
  toast.className = "toast";
  const line = document.createElement("p");
  line.textContent = text;
  toast.append(line);
  if (undo) toast.append(undoForm(undo));
  return toast;
}

/** Show a confirmation to the eye and to screen readers.
 * @param {Toast} toast */
export function showToast(toast) {
  present([draw(toast)]);
}

/** Say a text to screen readers alone.
 * @param {string} text */
export function announce(text) {
  const line = document.createElement("p");
  line.className = "visually-hidden";
  line.textContent = text;
  region()?.append(line);
  setTimeout(() => line.remove(), SHOWN_MS);
}

/** Take over the toasts of the page, and show those that come with fragments. */
export function watchToasts() {
  const toasts = [...(region()?.querySelectorAll(/** @type {"div"} */ (".toast")) ?? [])];
  setTimeout(present, 100, toasts);
  document.addEventListener("toasts", (event) => {
    const { list } = /** @type {CustomEvent<{list: Toast[]}>} */ (event).detail;
    present(list.map(draw));
  });
}
