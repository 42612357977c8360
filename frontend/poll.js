// Polls that hold back while they would disturb. An element that polls with HTMX says when:
//
//   data-poll-while="SELECTOR"   It asks only while it is inside such an element.
//   data-poll-hold="SELECTOR"    It neither asks nor swaps while the page has such an element, for
//                                instance a form whose text the swap would remove.
//   data-poll-aim="SELECTOR"     It neither asks nor swaps while the pointer is about to press
//                                something in such an element: the click would meet another row.

/** A pointer that rests longer than this holds nothing up. */
const AIMING_MS = 5_000;

let movedAt = -AIMING_MS;

/** @param {HTMLElement} poll */
function isHeld({ dataset }) {
  if (dataset.pollHold && document.querySelector(dataset.pollHold)) return true;
  if (!dataset.pollAim || performance.now() - movedAt >= AIMING_MS) return false;
  return [...document.querySelectorAll(dataset.pollAim)].some((element) => element.matches(":hover"));
}

/** @param {HTMLElement} poll */
function isIdle(poll) {
  const { pollWhile } = poll.dataset;
  return pollWhile !== undefined && !poll.closest(pollWhile);
}

/** Make every poll of the page hold back as its attributes say. */
export function holdPolls() {
  document.addEventListener("pointermove", () => {
    movedAt = performance.now();
  });
  document.addEventListener("click", () => {
    movedAt = -AIMING_MS;
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt } = event.detail;
    if (isHeld(elt) || isIdle(elt)) event.preventDefault();
  });
  // The answer may have been on its way already.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (isHeld(event.detail.requestConfig.elt)) event.detail.shouldSwap = false;
  });
}
