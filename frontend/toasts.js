// The toast region: short confirmations that leave by themselves. A server sends them in the page, or
// with a fragment in the header HX-Trigger (webapp/http/toasts.py).

import { t } from "./i18n.js";
import { drawIcon } from "./icon.js";

/** @typedef {{text: string, undo?: string}} Toast */

const SHOWN_MS = 6_000;
const SHOWN_WITH_BUTTON_MS = 12_000;

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

/** @param {HTMLElement} toast */
function present(toast) {
  addCloseButton(toast);
  // Appended anew: screen readers announce changes of a live region, not what it began with.
  region()?.append(toast);
  leaveLater(toast);
}

/** Show a confirmation to the eye and to screen readers.
 * @param {Toast} toast */
export function showToast({ text, undo }) {
  const toast = document.createElement("div");
  toast.className = "toast";
  const line = document.createElement("p");
  line.textContent = text;
  toast.append(line);
  if (undo) toast.append(undoForm(undo));
  present(toast);
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
  for (const toast of region()?.querySelectorAll(/** @type {"div"} */ (".toast")) ?? []) {
    setTimeout(present, 100, toast);
  }
  document.addEventListener("toasts", (event) => {
    const { list } = /** @type {CustomEvent<{list: Toast[]}>} */ (event).detail;
    list.forEach(showToast);
  });
}
