// Menus below the video: the language of the sound, captions, and sound without the picture. Each appears
// where the stream offers a choice, and what a viewer chose is chosen again at the next event.

/**
 * @import { Source } from "./types.js"
 * @import { Preferences } from "./preferences.js"
 */

const NO_CAPTIONS = "off";

export class Menus {
  #video;
  #source;
  #preferences;
  #box;
  #languages = labelledSelect("Language");
  #captions = labelledSelect("Captions");
  #soundOnly = labelledCheckbox("Sound only");

  /**
   * @param {HTMLVideoElement} video
   * @param {Source} source
   * @param {HTMLElement} box
   * @param {Preferences} preferences
   */
  constructor(video, source, box, preferences) {
    this.#video = video;
    this.#source = source;
    this.#preferences = preferences;
    this.#box = box;
    source.language = preferences.get("language");
    box.append(this.#languages.label, this.#captions.label, this.#soundOnly.label);
    this.#languages.select.addEventListener("change", () => this.#onLanguage());
    this.#captions.select.addEventListener("change", () => this.#onCaptions());
    this.#soundOnly.input.addEventListener("change", () => {
      source.playSoundOnly(this.#soundOnly.input.checked);
    });
    for (const name of ["addtrack", "removetrack"]) {
      video.textTracks.addEventListener(name, () => this.update());
    }
    // The browser's own controls choose captions as well.
    video.textTracks.addEventListener("change", () => this.#showCaptions());
    this.update();
  }

  update() {
    this.#showLanguages();
    this.#showCaptions();
    this.#soundOnly.label.hidden = !this.#source.canPlaySoundOnly;
    this.#box.hidden = [...this.#box.children].every((child) => child instanceof HTMLElement && child.hidden);
  }

  #showLanguages() {
    const choices = this.#source.languages;
    this.#languages.label.hidden = choices.length === 0;
    if (choices.length === 0) return;
    const options = choices.map(({ id, label, language }) => option(id, label, language));
    fill(this.#languages.select, options, choices.find(({ selected }) => selected)?.id ?? "0");
  }

  #onLanguage() {
    this.#source.chooseLanguage(this.#languages.select.value);
    this.#preferences.set("language", this.#source.language);
  }

  #showCaptions() {
    const tracks = captionTracks(this.#video);
    this.#captions.label.hidden = tracks.length === 0;
    const wanted = this.#preferences.get("captions");
    const showing = tracks.findIndex(({ mode }) => mode === "showing");
    const options = tracks.map(({ label, language }, index) =>
      option(`${index}`, label || language, language),
    );
    fill(
      this.#captions.select,
      [option(NO_CAPTIONS, "Off"), ...options],
      showing < 0 ? NO_CAPTIONS : `${showing}`,
    );
    const preferred = tracks.find(({ language }) => wanted && language === wanted);
    if (showing < 0 && preferred) preferred.mode = "showing";
  }

  #onCaptions() {
    const { value } = this.#captions.select;
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

/** @param {string} text */
function labelledSelect(text) {
  const label = document.createElement("label");
  const select = document.createElement("select");
  label.append(`${text} `, select);
  label.hidden = true;
  return { label, select };
}

/** @param {string} text */
function labelledCheckbox(text) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.type = "checkbox";
  label.append(input, ` ${text}`);
  label.hidden = true;
  return { label, input };
}

/**
 * @param {string} value
 * @param {string} text
 * @param {string} [language]
 */
function option(value, text, language = "") {
  const made = new Option(text, value);
  made.lang = language;
  return made;
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
