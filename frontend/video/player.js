// Keeps a stream playing: starts it when it appears, goes on after an interruption, returns to the live
// position. Neither browsers nor hls.js ask again for a playlist that is not there yet (hls.js #2068).

import { describeLag, FASTER, SHOWN_SECONDS, secondsBehind, shouldPlayFaster } from "./lag.js";
import { StallWatch } from "./stall_watch.js";

/**
 * @import { Source, SourceListener } from "./types.js"
 * @import { Preferences } from "./preferences.js"
 */

const ABSENT = "There is no stream yet. It starts here by itself.";
const UNREACHABLE = "The stream cannot be loaded at the moment. It starts here by itself as soon as it can.";
const INTERRUPTED = "The stream was interrupted. It goes on here by itself.";
const STALLED = "The picture has stopped. The stream goes on here by itself.";
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 15_000;
const CHECK_MS = 1_000;
/** A viewer who paused for longer goes on at the live position. */
const LONG_PAUSE_MS = 30_000;

/** @implements {SourceListener} */
export class Player {
  #video;
  #state;
  #liveButton;
  #unmuteButton;
  #preferences;
  /** @type {Source | null} */
  #source = null;
  #onTracks = () => {};
  #stall = new StallWatch();
  #stalledAt = /** @type {number | null} */ (null);
  #begun = false;
  #faster = false;
  #pause = FIRST_PAUSE_MS;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  #pausedAt = Number.POSITIVE_INFINITY;
  /** Muted because the browser does not allow sound before a click, not because the viewer wants it. */
  #mutedByBrowser = false;

  /**
   * @param {object} parts
   * @param {HTMLVideoElement} parts.video
   * @param {HTMLElement} parts.state
   * @param {HTMLButtonElement} parts.liveButton
   * @param {HTMLButtonElement} parts.unmuteButton
   * @param {Preferences} parts.preferences
   */
  constructor({ video, state, liveButton, unmuteButton, preferences }) {
    this.#video = video;
    this.#state = state;
    this.#liveButton = liveButton;
    this.#unmuteButton = unmuteButton;
    this.#preferences = preferences;
    // The template says here that the video needs JavaScript.
    state.textContent = "";
    video.muted = preferences.get("sound") === "off";
    video.addEventListener("loadedmetadata", () => this.#onMetadata());
    video.addEventListener("playing", () => this.#onPlaying());
    video.addEventListener("pause", () => this.#onPause());
    video.addEventListener("play", () => this.#onPlay());
    video.addEventListener("volumechange", () => this.#onVolume());
    liveButton.addEventListener("click", () => this.#goLive());
    unmuteButton.addEventListener("click", () => this.#unmute());
  }

  /**
   * @param {Source} source
   * @param {() => void} onTracks called when languages or variants are known
   */
  play(source, onTracks) {
    this.#source = source;
    this.#onTracks = onTracks;
    source.start();
    setInterval(() => this.#check(), CHECK_MS);
  }

  onTracks() {
    this.#onTracks();
  }

  /** @param {{ absent: boolean }} failure */
  onFailure({ absent }) {
    if (this.#retry) return;
    this.#source?.stop();
    this.#say(this.#begun ? INTERRUPTED : absent ? ABSENT : UNREACHABLE);
    // Jittered, so that a thousand pages do not ask in step.
    this.#retry = setTimeout(() => this.#start(), this.#pause * (0.75 + Math.random() / 2));
    this.#pause = Math.min(this.#pause * 1.5, LONGEST_PAUSE_MS);
  }

  #start() {
    this.#retry = undefined;
    this.#source?.start();
  }

  #onMetadata() {
    this.#begun = true;
    this.#say("");
    this.#startPlaying();
  }

  async #startPlaying() {
    try {
      await this.#video.play();
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError" || this.#video.muted) return;
      this.#mutedByBrowser = true;
      this.#video.muted = true;
      // Where even that is not allowed, the video's own button is there for it.
      await this.#video.play().catch(() => {});
    }
  }

  #onPlaying() {
    this.#pause = FIRST_PAUSE_MS;
    this.#showUnmute();
  }

  #onPause() {
    this.#pausedAt = performance.now();
    this.#showUnmute();
  }

  #onPlay() {
    if (performance.now() - this.#pausedAt > LONG_PAUSE_MS) this.#goLive();
    this.#pausedAt = Number.POSITIVE_INFINITY;
  }

  #onVolume() {
    if (!this.#video.muted) this.#mutedByBrowser = false;
    if (!this.#mutedByBrowser) this.#preferences.set("sound", this.#video.muted ? "off" : "on");
    this.#showUnmute();
  }

  #unmute() {
    this.#video.muted = false;
    this.#video.focus();
  }

  #showUnmute() {
    this.#unmuteButton.hidden = !this.#video.muted || this.#video.paused;
  }

  #goLive() {
    const position = this.#source?.livePosition;
    if (position) this.#video.currentTime = position;
  }

  /** Looks once a second whether the picture moves, and how far it is behind. */
  #check() {
    const { paused, currentTime } = this.#video;
    const now = performance.now();
    const playing = this.#begun && !paused && !this.#retry;
    this.#watchPicture(this.#stall.check(now, playing ? currentTime : null));
    const behind = paused ? 0 : secondsBehind(this.#source?.livePosition ?? null, currentTime);
    this.#playFaster(shouldPlayFaster(behind, this.#faster));
    this.#liveButton.hidden = behind < SHOWN_SECONDS;
    if (!this.#liveButton.hidden) this.#liveButton.textContent = describeLag(behind);
  }

  /** @param {boolean} faster */
  #playFaster(faster) {
    // Only on a change: viewers may have set a speed themselves.
    if (faster !== this.#faster) this.#video.playbackRate = faster ? FASTER : 1;
    this.#faster = faster;
  }

  /** @param {boolean} stalled */
  #watchPicture(stalled) {
    const end = this.#source?.end ?? 0;
    if (!stalled) {
      if (this.#stalledAt !== null) this.#say("");
      this.#stalledAt = null;
    } else if (this.#stalledAt === null) {
      this.#stalledAt = end;
      this.#say(STALLED);
    } else if (end > this.#stalledAt) {
      // There are new segments, and the player does not play them.
      this.#stalledAt = end;
      this.#source?.stop();
      this.#source?.start();
    }
  }

  /** @param {string} text */
  #say(text) {
    this.#state.textContent = text;
  }
}
