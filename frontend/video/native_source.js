// Plays an HLS stream with the browser's own player, as Safari has it.

/**
 * @import { Source, SourceListener } from "./types.js"
 * @typedef {{ label: string, language: string, enabled: boolean }} SoundTrack of `video.audioTracks`
 */

/** The browser's player keeps about this far from the end of the playlist. */
const LIVE_DISTANCE_SECONDS = 10;

/** @implements {Source} */
export class NativeSource {
  #video;
  #address;
  #listener;

  /**
   * @param {HTMLVideoElement} video
   * @param {string} address
   * @param {SourceListener} listener
   */
  constructor(video, address, listener) {
    this.#video = video;
    this.#address = address;
    this.#listener = listener;
    video.addEventListener("loadedmetadata", () => this.#onMetadata());
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

  get languages() {
    const tracks = this.#soundTracks;
    if (tracks.length < 2) return [];
    return tracks.map(({ label, language, enabled }, index) => ({
      id: `${index}`,
      label: label || language,
      language,
      selected: enabled,
    }));
  }

  /** @param {string} id */
  chooseLanguage(id) {
    for (const [index, track] of this.#soundTracks.entries()) {
      track.enabled = `${index}` === id;
      if (track.enabled) this.language = track.language;
    }
  }

  /** @returns {SoundTrack[]} none in a browser that does not tell */
  get #soundTracks() {
    const { audioTracks = [] } = /** @type {{ audioTracks?: Iterable<SoundTrack> }} */ (
      /** @type {unknown} */ (this.#video)
    );
    return [...audioTracks];
  }

  /** Choose the viewer's language again, and tell which languages there are. */
  #onMetadata() {
    const preferred = this.languages.find(({ language }) => language === this.language);
    if (preferred) this.chooseLanguage(preferred.id);
    this.#listener.onTracks();
  }

  // The browser chooses the quality by itself.
  get qualities() {
    return [];
  }

  chooseQuality() {}

  get canPlaySoundOnly() {
    return false;
  }

  playSoundOnly() {}
}
