// Shows how far a viewer is behind the live position, with a button that leads back.

import { t } from "../i18n.js";

/** From here on the page shows how far behind the viewer is, and a button that leads back. */
export const SHOWN_SECONDS = 10;
/** A smaller lag is made good by playing a little faster, which nobody hears. */
const CAUGHT_UP_SECONDS = 1;
const CATCHING_UP_SECONDS = 3;
export const FASTER = 1.08;

/**
 * @param {number | null} livePosition in seconds; null when the stream is not live
 * @param {number} position of the picture, in seconds
 */
export function secondsBehind(livePosition, position) {
  return livePosition === null ? 0 : Math.max(0, livePosition - position);
}

/**
 * @param {number} behind in seconds
 * @param {boolean} faster whether the video plays faster at the moment
 * @returns {boolean} whether it should
 */
export function shouldPlayFaster(behind, faster) {
  if (behind >= SHOWN_SECONDS || behind <= CAUGHT_UP_SECONDS) return false;
  return faster || behind >= CATCHING_UP_SECONDS;
}

/** @param {number} behind in seconds */
export function describeLag(behind) {
  const all = Math.round(behind);
  const [minutes, seconds] = [Math.floor(all / 60), all % 60];
  if (!minutes) return t("{seconds} s behind. Go to live", { seconds });
  return t("{minutes} min {seconds} s behind. Go to live", { minutes, seconds });
}
