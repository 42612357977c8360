// Polls that hold back while they would disturb. An element that polls with HTMX says when:
//
//   data-poll-while="SELECTOR"   It asks only while it is inside such an element.
//   data-poll-hold="SELECTOR"    It neither asks nor swaps while the page has such an element, for
//                                instance a form whose text the swap would remove.
//   data-poll-aim="SELECTOR"     It neither asks nor swaps while the pointer is about to press
//                                something in such an element: the click would meet another row.
//
// No poll swaps an element in which somebody has just selected a text. One that scrolls sideways
// inside the swapped element (.scroll) stays where it was.

/** A pointer that rests longer than this holds nothing up. */
const AIMING_MS = 5_000;

/** A text that stays selected longer than this is not about to be copied. */
const SELECTING_MS = 60_000;

let movedAt = -AIMING_MS;
let selectedAt = -SELECTING_MS;

/** Return whether somebody has just selected a text in the element: a swap would drop it.
 * @param {HTMLElement} poll */
function isSelected(poll) {
  if (!poll.dataset.hxTrigger?.includes("every ")) return false;
  const selection = document.getSelection();
  if (!selection || selection.isCollapsed || performance.now() - selectedAt >= SELECTING_MS) return false;
  return poll.contains(selection.anchorNode) || poll.contains(selection.focusNode);
}

/** @param {HTMLElement} poll */
function isHeld(poll) {
  const { dataset } = poll;
  if (isSelected(poll)) return true;
  if (dataset.pollHold && document.querySelector(dataset.pollHold)) return true;
  if (!dataset.pollAim || performance.now() - movedAt >= AIMING_MS) return false;
  return [...document.querySelectorAll(dataset.pollAim)].some((element) => element.matches(":hover"));
}

/** @param {HTMLElement} poll */
function isIdle(poll) {
  const { pollWhile } = poll.dataset;
  return pollWhile !== undefined && !poll.closest(pollWhile);
}

function keepSideways() {
  /** @type {number[]} */
  let places = [];
  document.addEventListener("htmx:beforeSwap", ({ target }) => {
    const boxes = target instanceof Element ? target.querySelectorAll(".scroll") : [];
    places = [...boxes].map((box) => box.scrollLeft);
  });
  document.addEventListener("htmx:afterSettle", ({ target }) => {
    const boxes = target instanceof Element ? target.querySelectorAll(".scroll") : [];
    for (const [index, box] of [...boxes].entries()) box.scrollLeft = places[index] ?? box.scrollLeft;
  });
}

/** Polls that this admin may not ask any more. */
const refused = new WeakSet();

/** Make every poll of the page hold back as its attributes say. */
export function holdPolls() {
  document.addEventListener("pointermove", () => {
    movedAt = performance.now();
  });
  document.addEventListener("click", () => {
    movedAt = -AIMING_MS;
  });
  document.addEventListener("selectionchange", () => {
    selectedAt = performance.now();
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt } = event.detail;
    if (isHeld(elt) || isIdle(elt) || refused.has(elt)) event.preventDefault();
  });
  keepSideways();
  // The answer may have been on its way already.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { requestConfig, xhr } = event.detail;
    if (isHeld(requestConfig.elt)) event.detail.shouldSwap = false;
    // The role was taken away: said once, above the page, and not at every poll.
    if (xhr.status === 403 && !requestConfig.triggeringEvent) refused.add(requestConfig.elt);
  });
}
