// Notices that the page is looked at again after a while, or that the network is back.

/** Away for less than this, the connection's own pings are enough. */
const AWAY_MS = 3_000;

/**
 * Call `refresh` when the page comes back from the background, from the browser's page cache or from
 * being offline: a phone stops scripts and drops connections of what is not in front.
 *
 * @param {() => void} refresh
 */
export function onWake(refresh) {
  let hiddenAt = document.hidden ? Date.now() : Infinity;
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Date.now() - hiddenAt > AWAY_MS) refresh();
    hiddenAt = document.hidden ? Date.now() : Infinity;
  });
  window.addEventListener("pageshow", ({ persisted }) => persisted && refresh());
  window.addEventListener("online", refresh);
}
