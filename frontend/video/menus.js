// The settings of the video: captions, the language of the sound, quality, and sound without the picture.
// Each appears where the stream offers a choice. Languages are chosen again at the next event.

import { t } from "../i18n.js";
import { part } from "./elements.js";

/**
 * @import { Choice, Source } from "./types.js"
 * @import { Preferences } from "./preferences.js"
 */

const NO_CAPTIONS = "off";

export class Menus {
  #video;
  #source;
  #preferences;
  #box = part("video-settings", "details");
  #captions = part("video-captions", "select");
  #languages = part("video-language", "select");
  #qualities = part("video-quality", "select");
  #soundOnly = part("video-sound-only", "input");

  /**
   * @param {HTMLVideoElement} video
   * @param {Source} source
   * @param {Preferences} preferences
   */
  constructor(video, source, preferences) {
    this.#video = video;
    this.#source = source;
    this.#preferences = preferences;
    source.language = preferences.get("language");
    this.#captions.addEventListener("change", () => this.#onCaptions());
    this.#languages.addEventListener("change", () => this.#onLanguage());
    this.#qualities.addEventListener("change", () => source.chooseQuality(this.#qualities.value));
    this.#soundOnly.addEventListener("change", () => source.playSoundOnly(this.#soundOnly.checked));
    for (const name of ["addtrack", "removetrack"]) {
      video.textTracks.addEventListener(name, () => this.update());
    }
    // A browser's picture in picture and its own menus choose captions as well.
    video.textTracks.addEventListener("change", () => this.#showCaptions());
    this.update();
  }

  update() {
    this.#showCaptions();
    this.#showLanguages();
    this.#showQualities();
    showSetting(this.#soundOnly, this.#source.canPlaySoundOnly);
    this.#box.hidden = !this.#box.querySelector("label:not([hidden])");
  }

  #showLanguages() {
    const choices = this.#source.languages;
    showSetting(this.#languages, choices.length > 0);
    fill(this.#languages, choices.map(optionOf), selected(choices) ?? "0");
  }

  #onLanguage() {
    this.#source.chooseLanguage(this.#languages.value);
    this.#preferences.set("language", this.#source.language);
  }

  #showQualities() {
    const choices = this.#source.qualities;
    showSetting(this.#qualities, choices.length > 0);
    fill(
      this.#qualities,
      [new Option(t("Automatic"), ""), ...choices.map(optionOf)],
      selected(choices) ?? "",
    );
  }

  #showCaptions() {
    const tracks = captionTracks(this.#video);
    showSetting(this.#captions, tracks.length > 0);
    const wanted = this.#preferences.get("captions");
    const showing = tracks.findIndex(({ mode }) => mode === "showing");
    const options = tracks.map(({ label, language }, index) =>
      optionOf({ id: `${index}`, label: label || language, language }),
    );
    fill(
      this.#captions,
      [new Option(t("Off"), NO_CAPTIONS), ...options],
      showing < 0 ? NO_CAPTIONS : `${showing}`,
    );
    const preferred = tracks.find(({ language }) => wanted && language === wanted);
    if (showing < 0 && preferred) preferred.mode = "showing";
  }

  #onCaptions() {
    const { value } = this.#captions;
    const tracks = captionTracks(this.#video);
    // Remembered first: the change of a mode shows the menu anew.
    this.#preferences.set("captions", tracks[Number(value)]?.language ?? "");
    for (const [index, track] of tracks.entries()) track.mode = `${index}` === value ? "showing" : "disabled";
  }
}

/** @param {HTMLVideoElement} video */
function captionTracks({ textTracks }) {
  return [...textTracks].filter(({ kind }) => kind === "captions" || kind === "subtitles");
}

/**
 * @param {HTMLElement} control in its label
 * @param {boolean} shown
 */
function showSetting(control, shown) {
  const label = control.closest("label");
  if (label) label.hidden = !shown;
}

/** @param {Choice[]} choices */
const selected = (choices) => choices.find((choice) => choice.selected)?.id;

/** @param {Pick<Choice, "id" | "label" | "language">} choice */
function optionOf({ id, label, language }) {
  const option = new Option(label, id);
  option.lang = language;
  return option;
}

/**
 * @param {HTMLSelectElement} select
 * @param {HTMLOptionElement[]} options
 * @param {string} value
 */
function fill(select, options, value) {
  // An open menu would close if its options were replaced by the same ones.
  const same =
    options.length === select.length && options.every((one, n) => one.text === select.options[n]?.text);
  if (!same) select.replaceChildren(...options);
  select.value = value;
}
