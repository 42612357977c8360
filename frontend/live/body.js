// The length of a message as the server counts it.

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
  const size = `${Math.abs(left)} ${Math.abs(left) === 1 ? "character" : "characters"}`;
  return left >= 0 ? `${size} left` : `${size} too many`;
}
