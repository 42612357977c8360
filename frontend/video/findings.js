// Reports the browser's own findings while an admin tests a stream: whether it plays, with what, and from which
// hosts it must not load.

import { t } from "../i18n.js";

/** Sound is decoded a moment after the picture. */
const SETTLED_SECONDS = 2;

/**
 * @param {HTMLVideoElement} video
 * @param {HTMLElement} list
 */
export function showFindings(video, list) {
  const known = new Set();
  /** @param {string} text */
  const add = (text) => {
    if (known.has(text)) return;
    known.add(text);
    const item = document.createElement("li");
    item.textContent = text;
    list.append(item);
  };
  document.addEventListener("securitypolicyviolation", ({ blockedURI }) => {
    if (URL.canParse(blockedURI))
      add(
        t("It also loads from {host}: add that to the further hosts.", { host: new URL(blockedURI).origin }),
      );
  });
  video.addEventListener("timeupdate", () => {
    if (video.currentTime - (video.played.length ? video.played.start(0) : 0) > SETTLED_SECONDS)
      add(describe(video));
  });
}

/** @param {HTMLVideoElement} video */
function describe(video) {
  const size = { width: String(video.videoWidth), height: String(video.videoHeight) };
  const picture = video.videoWidth ? t("Picture: {width} × {height}.", size) : t("It has no picture.");
  const sound = hasSound(video);
  const heard = sound === null ? "" : sound ? t("It has sound.") : t("It has no sound.");
  return [t("It plays in this browser."), picture, heard].join(" ").trim();
}

/**
 * @param {HTMLVideoElement} video
 * @returns {boolean | null} null where the browser does not tell
 */
function hasSound(video) {
  const known =
    /** @type {{ mozHasAudio?: boolean, webkitAudioDecodedByteCount?: number, audioTracks?: { length: number } }} */ (
      /** @type {unknown} */ (video)
    );
  if (known.mozHasAudio !== undefined) return known.mozHasAudio;
  if (known.webkitAudioDecodedByteCount !== undefined) return known.webkitAudioDecodedByteCount > 0;
  return known.audioTracks ? known.audioTracks.length > 0 : null;
}
