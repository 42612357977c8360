// The length of a message as the server counts it.

import { tn } from "../i18n.js";

/**
 * Return the number of characters (code points) without surrounding white space: an emoji is one, though
 * JavaScript's `length` says two.
 *
 * @param {string} text
 */
export function countCharacters(text) {
  return [...text.trim()].length;
}

/**
 * Say how much room is left, or how much is too much; "" while there is plenty.
 *
 * @param {string} text
 * @param {number} limit
 */
export function describeRoom(text, limit) {
  const left = limit - countCharacters(text);
  if (left > limit / 5) return "";
  return left >= 0
    ? tn("{count} character left", "{count} characters left", left)
    : tn("{count} character too many", "{count} characters too many", -left);
}
