// The video of the live page, for HLS: joins the parts.

import { showFindings } from "./findings.js";
import { HlsSource } from "./hls_source.js";
import { Menus } from "./menus.js";
import { NativeSource } from "./native_source.js";
import { Player } from "./player.js";
import { openStorage, Preferences } from "./preferences.js";

/** @import Library from "hls.js" */

const UNPLAYABLE = "This browser cannot play the stream.";

const box = /** @type {HTMLElement} */ (document.getElementById("video"));
const video = /** @type {HTMLVideoElement} */ (box.querySelector("video"));
const state = /** @type {HTMLElement} */ (box.querySelector(".video-state"));
const menus = /** @type {HTMLElement} */ (document.getElementById("video-menus"));
const address = box.dataset.src ?? "";
const preferences = new Preferences(openStorage());
const player = new Player({
  video,
  state,
  preferences,
  liveButton: addButton("go-live", "Live"),
  unmuteButton: addButton("unmute", "Turn the sound on"),
});
const source = openSource();
const findings = document.getElementById("video-findings");

if (findings) showFindings(video, findings);

if (source) {
  const shown = new Menus(video, source, menus, preferences);
  player.play(source, () => shown.update());
} else {
  state.textContent = UNPLAYABLE;
}

function openSource() {
  const library = /** @type {{ Hls?: typeof Library }} */ (window).Hls;
  if (library?.isSupported()) return new HlsSource(library, video, address, player);
  const native = video.canPlayType("application/vnd.apple.mpegurl");
  return native ? new NativeSource(video, address, player) : null;
}

/**
 * @param {string} name of its class
 * @param {string} text
 */
function addButton(name, text) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: name, textContent: text, hidden: true });
  box.append(button);
  return button;
}
