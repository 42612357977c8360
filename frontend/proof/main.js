// A form that was refused because of many failed attempts: compute the proof of work that it asks
// for, then send it again. Without this script the form offers a place in a queue instead.

import { solveChallengeWorkers } from "altcha-lib";

const WORKERS = 4;

let controller = new AbortController();

/** @param {HTMLInputElement} field */
async function solve(field) {
  const { challenge, worker } = /** @type {{ challenge: string, worker: string }} */ (field.dataset);
  controller.abort();
  controller = new AbortController();
  const solution = await solveChallengeWorkers({
    challenge: JSON.parse(challenge),
    concurrency: Math.min(WORKERS, navigator.hardwareConcurrency || 2),
    controller,
    createWorker: async () => new Worker(worker),
  });
  return solution && btoa(JSON.stringify({ challenge: JSON.parse(challenge), solution }));
}

/** @param {HTMLFormElement} form */
function offerQueue(form) {
  for (const fallback of form.querySelectorAll("noscript")) {
    // Its content is text in a page that was loaded, but elements in one that HTMX swapped in.
    if (fallback.firstElementChild) fallback.replaceWith(...fallback.childNodes);
    else fallback.outerHTML = fallback.textContent ?? "";
  }
}

/** @param {HTMLInputElement} field */
async function payAndSend(field) {
  const form = field.form;
  const status = form?.querySelector("[data-work]");
  if (!form || !(status instanceof HTMLElement)) return;
  status.textContent = status.dataset.work ?? "";
  try {
    const proof = await solve(field);
    if (!proof || !field.isConnected) return;
    field.value = proof;
    // A click, not a submission: HTMX listens to the button.
    form
      .querySelector("button:not([name])")
      ?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  } catch (error) {
    console.warn("the proof of work failed", error);
    status.textContent = "";
    offerQueue(form);
  }
}

function payAll() {
  for (const field of document.querySelectorAll("input[data-challenge]:not([data-started])")) {
    if (!(field instanceof HTMLInputElement)) continue;
    field.dataset.started = "";
    payAndSend(field);
  }
}

document.addEventListener("htmx:afterSettle", payAll);
payAll();
