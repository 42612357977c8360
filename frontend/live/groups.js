// Groups messages: those of one author within five minutes under one name, each day under its
// date. webapp/pages/live/rows.py has the same rules, for pages without scripts.

/** @typedef {{ author: string, at: number }} Place the author's id, and when, in milliseconds since 1970 */

const GROUP_MS = 5 * 60_000;

/**
 * Return how a message stands after the one before it: `follows` when it needs no name, `newDay` when it
 * is the first of a day, in the reader's zone.
 *
 * @param {Place} message
 * @param {Place | null} before null for the first one on the page
 * @param {number} now
 */
export function placeAfter(message, before, now) {
  const newDay = dayOf(message.at) !== dayOf(before ? before.at : now);
  const follows = !newDay && before?.author === message.author && message.at - before.at < GROUP_MS;
  return { follows, newDay };
}

/** @param {number} at */
function dayOf(at) {
  return new Date(at).toDateString();
}
