// Plays an HLS stream with the browser's own player, as Safari has it.

/**
 * @import { Source, SourceListener } from "./types.js"
 */

/** The browser's player keeps about this far from the end of the playlist. */
const LIVE_DISTANCE_SECONDS = 10;

/** @implements {Source} */
export class NativeSource {
  #video;
  #address;

  /**
   * @param {HTMLVideoElement} video
   * @param {string} address
   * @param {SourceListener} listener
   */
  constructor(video, address, listener) {
    this.#video = video;
    this.#address = address;
    // The browser does not say whether the server answered that there is no such stream.
    video.addEventListener("error", () => listener.onFailure({ absent: false }));
  }

  start() {
    this.#video.src = this.#address;
  }

  stop() {
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  get livePosition() {
    const { duration, seekable } = this.#video;
    const live = duration === Number.POSITIVE_INFINITY && seekable.length > 0;
    return live ? seekable.end(seekable.length - 1) - LIVE_DISTANCE_SECONDS : null;
  }

  get end() {
    const { seekable } = this.#video;
    return seekable.length ? seekable.end(seekable.length - 1) : 0;
  }

  language = "";

  // The browser's own controls offer the languages.
  get languages() {
    return [];
  }

  chooseLanguage() {}

  get canPlaySoundOnly() {
    return false;
  }

  playSoundOnly() {}
}
