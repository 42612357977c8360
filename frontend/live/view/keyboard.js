// Keeps the composer above the keyboard where that covers the page instead of making the window smaller,
// as on an iPhone (elsewhere `interactive-widget` in the layout does it). While somebody writes on a small
// screen, what stands above the panel makes room.

import { find } from "./dom.js";

/** A keyboard takes more of the window than the bars of a browser do. */
const KEYBOARD_PX = 120;

/** The focus leaves a field when a finger comes down; what it pressed must not move before it is lifted. */
const PRESS_MS = 300;
/** On the root element; styles/live.css says what it does. */
const WRITING = "writing";

/** Note on the root element that a field of the panel has the focus. */
export function noteWriting() {
  const { classList } = document.documentElement;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let leaving;
  find("panel").addEventListener("focusin", ({ target }) => {
    if (target instanceof Element && !target.matches("textarea, .ask-box[open] *")) return;
    clearTimeout(leaving);
    classList.add(WRITING);
  });
  find("panel").addEventListener("focusout", () => {
    clearTimeout(leaving);
    leaving = setTimeout(() => classList.remove(WRITING), PRESS_MS);
  });
}

export function makeRoomForKeyboard() {
  const { visualViewport, document } = window;
  visualViewport?.addEventListener("resize", () => {
    const { height, scale } = visualViewport;
    const isOpen = scale === 1 && innerHeight - height > KEYBOARD_PX;
    // styles/live.css takes it for the height of the window.
    if (isOpen) document.documentElement.style.setProperty("--window", `${Math.floor(height)}px`);
    else document.documentElement.style.removeProperty("--window");
    // The browser scrolled the page to show the field; now it is in sight without that.
    if (isOpen) window.scrollTo(0, 0);
  });
}
