// Plays an HLS stream with hls.js.

import { SequenceWatch } from "./sequence_watch.js";

/**
 * @import Hls from "hls.js"
 * @import { ErrorData, HlsConfig, Level, MediaPlaylist } from "hls.js"
 * @import { Choice, Source, SourceListener } from "./types.js"
 */

/** A media error that comes back sooner than this was not recovered from. */
const RECOVERY_MS = 5_000;
/** @type {Partial<HlsConfig>} */
const OPTIONS = {
  liveDurationInfinity: true,
  backBufferLength: 30,
  capLevelToPlayerSize: true,
};

/** @implements {Source} */
export class HlsSource {
  #Hls;
  #video;
  #address;
  #listener;
  /** @type {Hls | null} */
  #hls = null;
  #sequences = new SequenceWatch();
  #recoveredAt = 0;
  /** The playlist of the sound alone, where it is a rendition of its own. */
  #soundAddress = "";
  #soundOnly = false;
  /** The height of the picture that the viewer chose; 0 leaves it to hls.js. */
  #height = 0;
  language = "";

  /**
   * @param {typeof Hls} library
   * @param {HTMLVideoElement} video
   * @param {string} address
   * @param {SourceListener} listener
   */
  constructor(library, video, address, listener) {
    this.#Hls = library;
    this.#video = video;
    this.#address = address;
    this.#listener = listener;
  }

  start() {
    const audioPreference = this.language ? { lang: this.language } : undefined;
    const hls = new this.#Hls({ ...OPTIONS, audioPreference });
    const { Events } = this.#Hls;
    this.#hls = hls;
    this.#sequences = new SequenceWatch();
    hls.on(Events.ERROR, (_name, error) => error.fatal && this.#onFatal(error));
    hls.on(Events.LEVEL_LOADED, (_name, { details }) => {
      if (details.live && this.#sequences.check(details.url, details.endSN)) this.#restart();
    });
    for (const name of [Events.MANIFEST_PARSED, Events.AUDIO_TRACKS_UPDATED, Events.AUDIO_TRACK_SWITCHED]) {
      hls.on(name, () => this.#onTracks(hls));
    }
    hls.on(Events.MANIFEST_PARSED, () => {
      if (this.#height && !this.#soundOnly) hls.loadLevel = this.#chosenLevel;
    });
    hls.loadSource(this.#soundOnly && this.#soundAddress ? this.#soundAddress : this.#address);
    hls.attachMedia(this.#video);
  }

  stop() {
    this.#hls?.destroy();
    this.#hls = null;
  }

  get livePosition() {
    return this.#hls?.latestLevelDetails?.live ? this.#hls.liveSyncPosition : null;
  }

  get end() {
    return this.#hls?.latestLevelDetails?.edge ?? 0;
  }

  get languages() {
    const { audioTracks = [], audioTrack = -1 } = this.#hls ?? {};
    if (audioTracks.length < 2) return [];
    return audioTracks.map((track, index) => choiceOf(track, index, audioTrack));
  }

  /** @param {string} id */
  chooseLanguage(id) {
    if (!this.#hls) return;
    this.#hls.audioTrack = Number(id);
    this.language = this.#hls.audioTracks[Number(id)]?.lang ?? "";
  }

  get qualities() {
    const heights = new Set(this.#hls?.levels.map(({ height }) => height).filter(Boolean));
    if (heights.size < 2) return [];
    return [...heights]
      .sort((one, other) => other - one)
      .map((height) => ({
        id: `${height}`,
        label: `${height}p`,
        language: "",
        selected: height === this.#height,
      }));
  }

  /** @param {string} id */
  chooseQuality(id) {
    this.#height = Number(id);
    if (this.#hls && !this.#soundOnly) this.#hls.nextLevel = this.#chosenLevel;
  }

  /** The level of the chosen height; -1 leaves the choice to hls.js. */
  get #chosenLevel() {
    const levels = this.#hls?.levels ?? [];
    // The last one: of several with the same height it has the highest rate.
    return this.#height ? levels.map(({ height }) => height).lastIndexOf(this.#height) : -1;
  }

  get canPlaySoundOnly() {
    return Boolean(this.#soundAddress) || this.#soundLevel >= 0;
  }

  /** @param {boolean} on */
  playSoundOnly(on) {
    this.#soundOnly = on;
    if (this.#soundAddress) this.#restart();
    else if (this.#hls) this.#hls.currentLevel = on ? this.#soundLevel : this.#chosenLevel;
  }

  get #soundLevel() {
    const levels = this.#hls?.levels ?? [];
    const sound = levels.findIndex((level) => !hasPicture(level));
    return levels.some(hasPicture) ? sound : -1;
  }

  /** @param {Hls} hls */
  #onTracks(hls) {
    // Where the sound is played alone, its playlist is all that hls.js knows.
    if (!this.#soundOnly) this.#soundAddress = hls.audioTracks[Math.max(hls.audioTrack, 0)]?.url ?? "";
    this.#listener.onTracks();
  }

  #restart() {
    this.stop();
    this.start();
  }

  /** @param {ErrorData} error */
  #onFatal({ type, response }) {
    const now = Date.now();
    if (type === this.#Hls.ErrorTypes.MEDIA_ERROR && now - this.#recoveredAt > RECOVERY_MS) {
      this.#recoveredAt = now;
      this.#hls?.recoverMediaError();
      return;
    }
    this.#listener.onFailure({ absent: response?.code === 404 });
  }
}

/** @param {Level} level */
function hasPicture({ videoCodec, width, audioCodec }) {
  return Boolean(videoCodec || width || !audioCodec);
}

/**
 * @param {MediaPlaylist} track
 * @param {number} index
 * @param {number} current
 * @returns {Choice}
 */
function choiceOf({ name, lang = "" }, index, current) {
  return { id: String(index), label: name || lang, language: lang, selected: index === current };
}
