// The live region that tells a screen reader of new messages, and the switch for it.

import { find } from "./dom.js";

/** @import { Announcer } from "../announcer.js" */

/** Return a function that has a text read out. */
export function connectAnnouncer() {
  const region = find("announcer");
  return (/** @type {string} */ text) => {
    // The same text twice in a row would not be a change.
    region.textContent = region.textContent === text ? `${text}\u00a0` : text;
  };
}

/** @param {Announcer} announcer */
export function offerSwitch(announcer) {
  const box = /** @type {HTMLInputElement} */ (find("announce"));
  box.checked = announcer.enabled;
  box.addEventListener("change", () => {
    announcer.enabled = box.checked;
  });
  find("chat-menu").hidden = false;
}
