// Polls that hold back while they would disturb. An element that polls with HTMX says when:
//
//   data-poll-while="SELECTOR"   It asks only while it is inside such an element.
//   data-poll-hold="SELECTOR"    It neither asks nor swaps while the page has such an element, for
//                                instance a form whose text the swap would remove.
//   data-poll-aim="SELECTOR"     It neither asks nor swaps while the pointer is about to press
//                                something in such an element: the click would meet another row.
//
// No poll swaps an element in which somebody has just selected a text, or that the answer to an act is
// about to change: that answer would find its element gone, or be followed by an older state. One that
// scrolls sideways inside the swapped element (.scroll) stays where it was.

/** A pointer that rests longer than this holds nothing up. */
const AIMING_MS = 5_000;

/** A text that stays selected longer than this is not about to be copied. */
const SELECTING_MS = 60_000;

let movedAt = -AIMING_MS;
let selectedAt = -SELECTING_MS;

/** Return whether somebody has just selected a text in the element: a swap would drop it.
 * @param {HTMLElement} poll */
function isSelected(poll) {
  if (!isPoll(poll)) return false;
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

/** @param {HTMLElement} element */
function isPoll({ dataset }) {
  return dataset.hxTrigger?.includes("every ") ?? false;
}

/** @type {Set<HtmxSent>} */
const underway = new Set();

/** Requests of polls that were sent before an act on the same element. */
const outdated = new WeakSet();

/** Return the requests whose answers will change the target, a part of it or what it is a part of.
 * @param {Element} target */
function findRequests(target) {
  for (const sent of underway) {
    const { readyState } = sent.xhr;
    if (readyState === XMLHttpRequest.DONE || readyState === XMLHttpRequest.UNSENT) underway.delete(sent);
  }
  return [...underway].filter((sent) => sent.target.contains(target) || target.contains(sent.target));
}

/** @param {HtmxSent} sent */
function noteSent(sent) {
  if (!isPoll(sent.requestConfig.elt)) {
    for (const { xhr } of findRequests(sent.target)) outdated.add(xhr);
  }
  underway.add(sent);
}

/** Return whether the answer to an act will change the target, except where the poll shows its progress.
 * @param {HTMLElement} poll
 * @param {Element} target */
function isAwaited(poll, target) {
  if (!isPoll(poll) || poll.dataset.pollWhile !== undefined) return false;
  return findRequests(target).some(({ requestConfig }) => !isPoll(requestConfig.elt));
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
    const { elt, target } = event.detail;
    if (isHeld(elt) || isIdle(elt) || refused.has(elt) || isAwaited(elt, target)) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSend", ({ detail }) => noteSent(detail));
  keepSideways();
  // The answer may have been on its way already.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { requestConfig, target, xhr } = event.detail;
    const { elt } = requestConfig;
    const isLate = isPoll(elt) && outdated.has(xhr);
    if (isHeld(elt) || isLate || isAwaited(elt, target)) event.detail.shouldSwap = false;
    // The role was taken away: said once, above the page, and not at every poll.
    if (xhr.status === 403 && !requestConfig.triggeringEvent) refused.add(elt);
  });
}
