// Keeps a stream playing: starts it when it appears, goes on after an interruption, returns to the live
// position. Neither browsers nor hls.js ask again for a playlist that is not there yet (hls.js #2068).

import { t } from "../i18n.js";
import { FASTER, SHOWN_SECONDS, secondsBehind, shouldPlayFaster } from "./lag.js";
import { StallWatch } from "./stall_watch.js";

/**
 * @import { PlayerView, Source, SourceListener } from "./types.js"
 * @import { Preferences } from "./preferences.js"
 */

const ABSENT = t("There is no stream yet. It starts here by itself.");
const UNREACHABLE = t(
  "The stream cannot be loaded at the moment. It starts here by itself as soon as it can.",
);
const INTERRUPTED = t("The stream was interrupted. It goes on here by itself.");
const STALLED = t("The picture has stopped. The stream goes on here by itself.");
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 15_000;
const CHECK_MS = 1_000;
/** A viewer who paused for longer goes on at the live position. */
const LONG_PAUSE_MS = 30_000;
/** A check that comes later than this follows a sleep of the device. */
const SLEPT_MS = 15_000;

/** @implements {SourceListener} */
export class Player {
  #video;
  #view;
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
  #checkedAt = Date.now();
  /** Muted because the browser does not allow sound before a click, not because the viewer wants it. */
  #mutedByBrowser = false;

  /**
   * @param {object} parts
   * @param {HTMLVideoElement} parts.video
   * @param {PlayerView} parts.view
   * @param {Preferences} parts.preferences
   */
  constructor({ video, view, preferences }) {
    this.#video = video;
    this.#view = view;
    this.#preferences = preferences;
    video.muted = preferences.get("sound") === "off";
    video.addEventListener("loadedmetadata", () => this.#onMetadata());
    video.addEventListener("playing", () => this.#onPlaying());
    video.addEventListener("pause", () => this.#onPause());
    video.addEventListener("play", () => this.#onPlay());
    video.addEventListener("volumechange", () => this.#onVolume());
    window.addEventListener("online", () => this.#retryNow());
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

  goLive() {
    const position = this.#source?.livePosition;
    if (position) this.#video.currentTime = position;
    if (this.#video.paused) this.#startPlaying();
  }

  onTracks() {
    this.#onTracks();
  }

  /** @param {{ absent: boolean }} failure */
  onFailure({ absent }) {
    if (this.#retry) return;
    this.#source?.stop();
    this.#view.showState(this.#begun ? INTERRUPTED : absent ? ABSENT : UNREACHABLE);
    // Jittered, so that a thousand pages do not ask in step.
    this.#retry = setTimeout(() => this.#retryNow(), this.#pause * (0.75 + Math.random() / 2));
    this.#pause = Math.min(this.#pause * 1.5, LONGEST_PAUSE_MS);
  }

  #retryNow() {
    if (!this.#retry) return;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#source?.start();
  }

  #onMetadata() {
    this.#begun = true;
    this.#view.showState("");
    this.#startPlaying();
  }

  /** Play with sound; where the browser forbids that, without; and where it forbids even that, ask. */
  async #startPlaying() {
    if (await this.#tryToPlay()) return;
    this.#mutedByBrowser = !this.#video.muted;
    this.#video.muted = true;
    if (!(await this.#tryToPlay())) this.#view.showPrompt("play");
    else if (this.#mutedByBrowser) this.#view.showPrompt("sound");
  }

  /** @returns {Promise<boolean>} false when the browser wants a click first */
  async #tryToPlay() {
    try {
      await this.#video.play();
    } catch (error) {
      return !(error instanceof DOMException && error.name === "NotAllowedError");
    }
    return true;
  }

  #onPlaying() {
    this.#pause = FIRST_PAUSE_MS;
    if (!this.#mutedByBrowser) this.#view.showPrompt("");
  }

  #onPause() {
    this.#pausedAt = performance.now();
  }

  #onPlay() {
    if (performance.now() - this.#pausedAt > LONG_PAUSE_MS) this.goLive();
    this.#pausedAt = Number.POSITIVE_INFINITY;
  }

  #onVolume() {
    const { muted } = this.#video;
    if (!muted) {
      this.#mutedByBrowser = false;
      this.#view.showPrompt("");
    }
    if (!this.#mutedByBrowser) this.#preferences.set("sound", muted ? "off" : "on");
  }

  /** Look once a second whether the picture moves, and how far it is behind. */
  #check() {
    const { paused, currentTime } = this.#video;
    const playing = this.#begun && !paused && !this.#retry;
    this.#watchPicture(this.#stall.check(performance.now(), playing ? currentTime : null));
    const live = this.#source?.livePosition ?? null;
    const behind = secondsBehind(live, currentTime);
    this.#playFaster(!paused && shouldPlayFaster(behind, this.#faster));
    this.#view.showLag(live === null ? null : behind);
    if (this.#hasSlept()) {
      this.#retryNow();
      if (playing && behind >= SHOWN_SECONDS) this.goLive();
    }
  }

  /** @returns {boolean} whether the device slept since the last check, or the page was frozen */
  #hasSlept() {
    const before = this.#checkedAt;
    this.#checkedAt = Date.now();
    return this.#checkedAt - before > SLEPT_MS;
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
      if (this.#stalledAt !== null) this.#view.showState("");
      this.#stalledAt = null;
    } else if (this.#stalledAt === null) {
      this.#stalledAt = end;
      this.#view.showState(STALLED);
    } else if (end > this.#stalledAt) {
      // There are new segments, and the player does not play them.
      this.#stalledAt = end;
      this.#source?.stop();
      this.#source?.start();
    }
  }
}
