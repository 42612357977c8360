import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "../../frontend/live/pace.js";
import { FakeClock } from "./support/fake_clock.js";

/** @param {{ exempt?: boolean }} [options] */
function openPace(options) {
  const clock = new FakeClock();
  return { clock, pace: new Pace(clock, options) };
}

test("without slow mode nobody waits", () => {
  const { pace } = openPace();
  pace.posted();
  assert.equal(pace.slowFor, 0);
  assert.equal(pace.describe(false), "");
});

test("slow mode makes a writer wait after each message", async () => {
  const { clock, pace } = openPace();
  pace.setSlowMode(30);
  assert.equal(pace.slowFor, 0);
  pace.posted();
  assert.equal(pace.slowFor, 30_000);
  await clock.advance(29_500);
  assert.equal(pace.describe(false), "You can write again in 1 s.");
  assert.equal(pace.describe(true), "Your message is sent in 1 s.");
  await clock.advance(500);
  assert.equal(pace.slowFor, 0);
});

test("a shorter slow mode ends the wait, a longer one does not", () => {
  const { pace } = openPace();
  pace.setSlowMode(30);
  pace.posted();
  assert.equal(pace.setSlowMode(60), false);
  assert.equal(pace.slowFor, 30_000);
  assert.equal(pace.setSlowMode(10), true);
  assert.equal(pace.slowFor, 0);
});

test("a moderator is exempt from slow mode", () => {
  const { pace } = openPace({ exempt: true });
  pace.setSlowMode(30);
  pace.posted();
  assert.equal(pace.slowFor, 0);
});

test("a mute is counted down, and goes before slow mode", async () => {
  const { clock, pace } = openPace();
  pace.wait("slow", 5);
  pace.wait("muted", 125);
  assert.equal(pace.describe(false), "You are muted for another 2 min 5 s.");
  await clock.advance(70_000);
  assert.equal(pace.describe(false), "You are muted for another 55 s.");
  pace.posted();
  assert.equal(pace.describe(false), "", "a message that was taken proves that the mute is over");
});

test("every change is announced, so that the line is written at once", () => {
  let changes = 0;
  const pace = new Pace(new FakeClock(), { onChange: () => (changes += 1) });
  pace.wait("muted", 60);
  pace.wait("slow", 5);
  assert.equal(changes, 2);
});

test("a mute lasts until the moment that the server names", async () => {
  const { clock, pace } = openPace();
  pace.muteUntil(new Date(clock.now() + 90_000).toISOString());
  assert.equal(pace.describe(false), "You are muted for another 1 min 30 s.");
  await clock.advance(90_000);
  assert.equal(pace.describe(false), "");
  pace.muteUntil("9999-12-31T23:59:59Z");
  assert.equal(pace.describe(false), "You are muted in this event.");
  pace.muteUntil(null);
  assert.equal(pace.describe(false), "");
});
