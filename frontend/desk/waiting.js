// Say to screen readers that more messages wait for approval than before.

import { tn } from "../i18n.js";
import { announce } from "../toasts.js";

function countWaiting() {
  return Number(document.getElementById("held")?.dataset.waiting ?? 0);
}

/** Compare the number after each refresh. */
export function watchWaiting() {
  let before = countWaiting();
  document.addEventListener("htmx:afterSwap", () => {
    const count = countWaiting();
    if (count > before)
      announce(tn("{count} message waits for approval", "{count} messages wait for approval", count));
    before = count;
  });
}
