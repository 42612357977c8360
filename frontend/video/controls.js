// The bar of the player and what lies over its picture: the state in words, and the one prompt where the
// browser wants a click.

import { t } from "../i18n.js";
import { drawIcon } from "../icon.js";
import { part } from "./elements.js";
import { describeLag, SHOWN_SECONDS } from "./lag.js";

/**
 * @import { PlayerView } from "./types.js"
 * @import { Preferences } from "./preferences.js"
 */

/** The bar leaves a picture that plays after this time without a movement of the pointer. */
const IDLE_MS = 3_000;

/** @implements {PlayerView} */
export class Controls {
  #box;
  #video;
  #preferences;
  #state = /** @type {HTMLElement} */ (document.querySelector("#video .video-state"));
  #prompt = part("video-prompt", "button");
  #play = part("video-play", "button");
  #mute = part("video-mute", "button");
  #volume = part("video-volume", "input");
  #live = part("video-live", "button");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #idle;
  #keys = new Map([
    ["k", () => this.#togglePlay()],
    ["m", () => this.#toggleMute()],
    // Belongs to the stage around the player, and is not there while a stream is tested.
    ["f", () => document.getElementById("full-screen")?.click()],
  ]);

  /**
   * @param {HTMLElement} box
   * @param {HTMLVideoElement} video
   * @param {Preferences} preferences
   */
  constructor(box, video, preferences) {
    this.#box = box;
    this.#video = video;
    this.#preferences = preferences;
    part("video-bar", "div").hidden = false;
    video.volume = readVolume(preferences.get("volume"));
    for (const name of ["play", "pause"]) video.addEventListener(name, () => this.#showPlaying());
    for (const name of ["waiting", "playing"]) {
      video.addEventListener(name, () => box.classList.toggle("waiting", name === "waiting"));
    }
    video.addEventListener("volumechange", () => this.#showVolume());
    this.#play.addEventListener("click", () => this.#togglePlay());
    this.#mute.addEventListener("click", () => this.#toggleMute());
    this.#volume.addEventListener("input", () => this.#onVolume());
    this.#prompt.addEventListener("click", () => this.#onPrompt());
    this.#followPointer();
    this.#followKeys();
    this.#offerPictureInPicture();
    this.#showPlaying();
    this.#showVolume();
  }

  /** @param {() => void} goLive */
  onLive(goLive) {
    this.#live.addEventListener("click", goLive);
  }

  /** @param {string} text */
  showState(text) {
    if (this.#state.textContent !== text) this.#state.textContent = text;
  }

  /** @param {"" | "play" | "sound"} prompt */
  showPrompt(prompt) {
    const hadFocus = document.activeElement === this.#prompt;
    this.#prompt.hidden = !prompt;
    if (prompt === "sound") setFace(this.#prompt, "volume-2", t("Turn the sound on"));
    if (prompt === "play") setFace(this.#prompt, "play", t("Play the video"));
    if (hadFocus && !prompt) this.#play.focus();
  }

  /** @param {number | null} behind */
  showLag(behind) {
    const late = behind !== null && behind >= SHOWN_SECONDS;
    const text = late ? describeLag(behind) : t("Live");
    this.#live.hidden = behind === null;
    this.#live.classList.toggle("late", late);
    if (this.#live.textContent !== text) this.#live.textContent = text;
  }

  #togglePlay() {
    if (this.#video.paused) this.#video.play().catch(() => {});
    else this.#video.pause();
  }

  #toggleMute() {
    const video = this.#video;
    video.muted = !video.muted;
    if (!video.muted && video.volume === 0) video.volume = 1;
  }

  #onVolume() {
    this.#video.volume = Number(this.#volume.value) / 100;
    this.#video.muted = this.#video.volume === 0;
    this.#preferences.set("volume", this.#volume.value);
  }

  #onPrompt() {
    this.#video.muted = false;
    if (this.#video.paused) this.#togglePlay();
    this.showPrompt("");
  }

  #showPlaying() {
    const { paused } = this.#video;
    setFace(this.#play, paused ? "play" : "pause", "", paused ? t("Play") : t("Pause"), "K");
    this.#stayAwhile();
  }

  #showVolume() {
    const { muted, volume } = this.#video;
    setFace(this.#mute, muted ? "volume-x" : "volume-2", "", muted ? t("Unmute") : t("Mute"), "M");
    this.#volume.value = String(muted ? 0 : Math.round(volume * 100));
  }

  /** Show the bar while the pointer moves; a tap shows or hides it, a click plays or pauses. */
  #followPointer() {
    for (const name of ["pointermove", "focusin", "keydown"]) {
      this.#box.addEventListener(name, () => this.#stayAwhile());
    }
    this.#box.addEventListener("pointerleave", ({ pointerType }) => {
      if (pointerType === "mouse") this.#leave();
    });
    this.#video.addEventListener("pointerup", ({ pointerType, button }) => {
      if (button !== 0) return;
      if (pointerType === "mouse") this.#togglePlay();
      else if (this.#box.classList.contains("idle")) this.#stayAwhile();
      else this.#leave();
    });
  }

  /** Keys of one letter, while the focus is in the player alone (WCAG 2.1.4). */
  #followKeys() {
    // A click on the picture gives it the focus.
    this.#box.tabIndex = -1;
    this.#box.addEventListener("keydown", (event) => {
      const { key, target, ctrlKey, altKey, metaKey } = event;
      // In a menu, a letter chooses an entry.
      if (ctrlKey || altKey || metaKey || target instanceof HTMLSelectElement) return;
      const act = this.#keys.get(key.toLowerCase());
      if (!act) return;
      event.preventDefault();
      act();
    });
  }

  #stayAwhile() {
    this.#box.classList.remove("idle");
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#leave(), IDLE_MS);
  }

  #leave() {
    const isUsed = this.#box.querySelector(".video-bar :focus-visible, details[open]");
    this.#box.classList.toggle("idle", !this.#video.paused && !isUsed);
  }

  #offerPictureInPicture() {
    const button = part("video-pip", "button");
    button.hidden = !document.pictureInPictureEnabled;
    button.addEventListener("click", () => {
      const change = document.pictureInPictureElement
        ? document.exitPictureInPicture()
        : this.#video.requestPictureInPicture();
      // Refused before there is a picture.
      change.catch(() => {});
    });
  }
}

/**
 * Give a button its icon and text; `name` is for one without a text.
 *
 * @param {HTMLButtonElement} button
 * @param {string} symbol
 * @param {string} text
 * @param {string} [name]
 * @param {string} [key] that does the same
 */
function setFace(button, symbol, text, name = "", key = "") {
  button.replaceChildren(drawIcon(symbol), text);
  if (name) Object.assign(button, { ariaLabel: name, title: `${name} (${key})` });
  if (key) button.setAttribute("aria-keyshortcuts", key);
}

/** @param {string} stored in percent */
function readVolume(stored) {
  const volume = Number.parseInt(stored, 10);
  return volume > 0 && volume <= 100 ? volume / 100 : 1;
}
