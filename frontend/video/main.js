// The video of the live page, for HLS: joins the parts.

import { showFindings } from "./findings.js";
import { HlsSource } from "./hls_source.js";
import { canPlay, loadLibrary, playsItself } from "./library.js";
import { Menus } from "./menus.js";
import { NativeSource } from "./native_source.js";
import { Player } from "./player.js";
import { openStorage, Preferences } from "./preferences.js";

const UNLOADED = "The player cannot be loaded at the moment. It starts here by itself as soon as it can.";
const RETRY_MS = 3_000;
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
const findings = document.getElementById("video-findings");

if (findings) showFindings(video, findings);
begin();

async function begin() {
  const source = await openSource();
  if (!source) {
    state.textContent = UNPLAYABLE;
    return;
  }
  const shown = new Menus(video, source, menus, preferences);
  player.play(source, () => shown.update());
}

async function openSource() {
  const library = playsItself(video) ? null : await loadLibraryPatiently();
  if (library) return new HlsSource(library, video, address, player);
  return canPlay(video) ? new NativeSource(video, address, player) : null;
}

/** Try until it is there: without it there is no video, and phones lose the network for a moment. */
async function loadLibraryPatiently() {
  for (;;) {
    try {
      return await loadLibrary(box.dataset.library ?? "");
    } catch {
      state.textContent = UNLOADED;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
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
