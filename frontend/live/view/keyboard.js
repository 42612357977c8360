// Keeps the composer above the keyboard where that covers the page instead of making the window smaller,
// as on an iPhone (elsewhere `interactive-widget` in the layout does it).

/** A keyboard takes more of the window than the bars of a browser do. */
const KEYBOARD_PX = 120;

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
