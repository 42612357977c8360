import assert from "node:assert/strict";
import { test } from "node:test";
import { describeLag, secondsBehind, shouldPlayFaster } from "../../frontend/video/lag.js";
import { NativeSource } from "../../frontend/video/native_source.js";
import { Preferences } from "../../frontend/video/preferences.js";
import { SequenceWatch } from "../../frontend/video/sequence_watch.js";
import { STALL_MS, StallWatch } from "../../frontend/video/stall_watch.js";

test("a picture that stands still for 20 s has stalled, and goes on when it moves", () => {
  const watch = new StallWatch();
  assert.equal(watch.check(0, 5), false);
  assert.equal(watch.check(STALL_MS - 1, 5), false);
  assert.equal(watch.check(STALL_MS, 5), true);
  assert.equal(watch.check(STALL_MS + 1_000, 5.04), false);
});

test("a paused video does not stall", () => {
  const watch = new StallWatch();
  watch.check(0, 5);
  for (let now = 0; now < 10 * STALL_MS; now += 1_000) assert.equal(watch.check(now, null), false);
  assert.equal(watch.check(10 * STALL_MS, 5), false);
});

test("numbers of segments that go back mean a restarted encoder, for each playlist by itself", () => {
  const watch = new SequenceWatch();
  assert.equal(watch.check("720p", 900), false);
  assert.equal(watch.check("360p", 200), false);
  assert.equal(watch.check("720p", 900), false);
  assert.equal(watch.check("720p", 901), false);
  assert.equal(watch.check("720p", 4), true);
  assert.equal(watch.check("720p", 5), false);
});

test("a small lag is made good by playing faster, until it is gone", () => {
  assert.equal(shouldPlayFaster(2, false), false);
  assert.equal(shouldPlayFaster(4, false), true);
  assert.equal(shouldPlayFaster(2, true), true);
  assert.equal(shouldPlayFaster(0.5, true), false);
  assert.equal(shouldPlayFaster(60, true), false);
});

test("the lag is described in seconds and minutes", () => {
  assert.equal(secondsBehind(null, 5), 0);
  assert.equal(secondsBehind(30, 40), 0);
  assert.equal(describeLag(secondsBehind(52.4, 10)), "42 s behind. Go to live");
  assert.equal(describeLag(125), "2 min 5 s behind. Go to live");
});

test("choices are kept where the browser allows it", () => {
  const stored = new Map();
  const preferences = new Preferences({
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => stored.set(key, value),
  });
  assert.equal(preferences.get("sound"), "");
  preferences.set("sound", "off");
  assert.equal(preferences.get("sound"), "off");
  const full = new Preferences({
    getItem: () => null,
    setItem: () => {
      throw new DOMException("full", "QuotaExceededError");
    },
  });
  full.set("sound", "off");
  assert.equal(full.get("sound"), "");
});

test("a browser that plays HLS itself offers its languages, and starts in the remembered one", () => {
  const video = Object.assign(new EventTarget(), {
    audioTracks: [
      { label: "English", language: "en", enabled: true },
      { label: "", language: "de", enabled: false },
    ],
  });
  let updates = 0;
  const listener = { onTracks: () => (updates += 1), onFailure: () => {} };
  const source = new NativeSource(/** @type {any} */ (video), "/live.m3u8", listener);
  source.language = "de";
  video.dispatchEvent(new Event("loadedmetadata"));
  assert.equal(updates, 1);
  assert.deepEqual(
    source.languages.map(({ label, selected }) => [label, selected]),
    [
      ["English", false],
      ["de", true],
    ],
  );
  source.chooseLanguage("0");
  assert.equal(source.language, "en");
  assert.deepEqual(
    video.audioTracks.map(({ enabled }) => enabled),
    [true, false],
  );
});
