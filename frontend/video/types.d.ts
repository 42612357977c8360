// Types that the modules of the video share.

export interface Choice {
  id: string;
  label: string;
  language: string;
  selected: boolean;
}

/** A way to play a stream: hls.js, or the browser's own player. */
export interface Source {
  start(): void;
  stop(): void;
  /** The position that is live now; null before it is known or when the stream is not live. */
  readonly livePosition: number | null;
  /** The end of the stream as far as it is known, in seconds. */
  readonly end: number;
  /** The languages of the sound; empty where there is no choice. */
  readonly languages: Choice[];
  chooseLanguage(id: string): void;
  /** The language in which to start; empty for the stream's own choice. */
  language: string;
  /** The heights of the picture, best first; empty where there is no choice. */
  readonly qualities: Choice[];
  /** An empty id leaves the choice to the player, which goes by the network. */
  chooseQuality(id: string): void;
  /** Whether the stream can be played without its picture, to save bandwidth. */
  readonly canPlaySoundOnly: boolean;
  playSoundOnly(on: boolean): void;
}

export interface SourceListener {
  /** The source cannot go on; `absent` when the server says that there is no such stream. */
  onFailure(failure: { absent: boolean }): void;
  /** Languages or variants are known or have changed. */
  onTracks(): void;
}

/** The parts of the player over the picture and in its bar. */
export interface PlayerView {
  showState(text: string): void;
  /** Ask for the click that the browser wants before it plays, or before it plays sound; "" for none. */
  showPrompt(prompt: "" | "play" | "sound"): void;
  /** `behind` in seconds; null when the stream is not live. */
  showLag(behind: number | null): void;
}

export interface KeyValueStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}
