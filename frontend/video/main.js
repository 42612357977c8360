// The video of the live page, for HLS: joins the parts.

import { t } from "../i18n.js";
import { Controls } from "./controls.js";
import { part } from "./elements.js";
import { showFindings } from "./findings.js";
import { HlsSource } from "./hls_source.js";
import { canPlay, loadLibrary, playsItself } from "./library.js";
import { Menus } from "./menus.js";
import { NativeSource } from "./native_source.js";
import { Player } from "./player.js";
import { openStorage, Preferences } from "./preferences.js";

const UNLOADED = t("The player cannot be loaded at the moment. It starts here by itself as soon as it can.");
const UNPLAYABLE = t("This browser cannot play the stream.");
const RETRY_MS = 3_000;

const box = part("video", "div");
const address = box.dataset.src ?? "";
const video = addVideo();
const preferences = new Preferences(openStorage());
const controls = new Controls(box, video, preferences);
const player = new Player({ video, view: controls, preferences });
const findings = document.getElementById("video-findings");

if (findings) showFindings(video, findings);
controls.onLive(() => player.goLive());
begin();

function addVideo() {
  const video = document.createElement("video");
  Object.assign(video, { playsInline: true, ariaLabel: box.dataset.name });
  box.prepend(video);
  return video;
}

async function begin() {
  const source = await openSource();
  if (!source) return controls.showState(UNPLAYABLE);
  const menus = new Menus(video, source, preferences);
  player.play(source, () => menus.update());
}

async function openSource() {
  const library = playsItself(video) ? null : await loadLibraryPatiently();
  if (library) return new HlsSource(library, video, address, player);
  return canPlay(video) ? new NativeSource(video, address, player) : null;
}

/** Load the library, again and again until it arrives: phones lose the network for a moment. */
async function loadLibraryPatiently() {
  for (;;) {
    try {
      return await loadLibrary(box.dataset.library ?? "");
    } catch {
      controls.showState(UNLOADED);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
