// The browser's storage, random names and HTTP, for the modules that know nothing of a browser.

/** @import { FetchEarlier, KeyValueStore } from "../types.js" */

/**
 * @param {"localStorage" | "sessionStorage"} name
 * @returns {KeyValueStore}
 */
export function openStorage(name) {
  try {
    return window[name];
  } catch {
    // Forbidden by the browser's settings: nothing outlives the page.
    return { length: 0, key: () => null, getItem: () => null, setItem: () => {}, removeItem: () => {} };
  }
}

/** Return a name that no other message has. */
export function makeNonce() {
  // Browsers offer randomUUID on https and localhost only.
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

/**
 * @param {string} address of the event's messages
 * @returns {FetchEarlier}
 */
export function fetchEarlier(address) {
  return async (before) => {
    const part = new URL(address);
    part.searchParams.set("before", String(before));
    const answer = await fetch(part, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
    return answer.json();
  };
}
