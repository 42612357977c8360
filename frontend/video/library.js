// Loads hls.js (190 KB compressed), for browsers that need it: not with the page, since Safari plays HLS
// itself.

/** @import Library from "hls.js" */

/**
 * Return hls.js, or null where the browser lacks what it needs. Rejects when it cannot be loaded.
 *
 * @param {string} address
 * @returns {Promise<typeof Library | null>}
 */
export async function loadLibrary(address) {
  // Not a module: only in this form does the library bring its worker with it.
  const script = document.createElement("script");
  script.src = address;
  await new Promise((resolve, reject) => {
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  });
  const { Hls } = /** @type {{ Hls?: typeof Library }} */ (/** @type {unknown} */ (window));
  return Hls?.isSupported() ? Hls : null;
}

/**
 * Return whether the browser plays HLS by itself and offers the languages of the sound, as Safari does.
 *
 * @param {HTMLVideoElement} video
 */
export function playsItself(video) {
  return canPlay(video) && "audioTracks" in video;
}

/** @param {HTMLVideoElement} video */
export const canPlay = (video) => video.canPlayType("application/vnd.apple.mpegurl") !== "";
