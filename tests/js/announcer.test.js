import assert from "node:assert/strict";
import { test } from "node:test";
import { Announcer } from "../../frontend/live/announcer.js";
import { FakeClock } from "./support/fake_clock.js";

const VIEWER = 7;

function listen() {
  const clock = new FakeClock();
  /** @type {Map<string, string>} */
  const stored = new Map();
  const storage = {
    getItem: (/** @type {string} */ key) => stored.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => void stored.set(key, value),
  };
  /** @type {string[]} */
  const said = [];
  const make = () => new Announcer({ clock, storage, viewer: VIEWER, say: (text) => said.push(text) });
  return { clock, said, make, announcer: make() };
}

/** @param {string} body @param {number} [author_id] */
const message = (body, author_id = 8) => ({
  id: 1,
  author_id,
  author: "Grace",
  department: "",
  body,
  posted_at: "2026-12-01T09:00:00Z",
});

test("a single message is read out", async () => {
  const { clock, said, announcer } = listen();
  announcer.announce([message("Hello")]);
  await clock.advance(3_000);
  assert.deepEqual(said, ["Grace: Hello"]);
});

test("messages that come together are counted", async () => {
  const { clock, said, announcer } = listen();
  for (let number = 0; number < 12; number += 1) announcer.announce([message(`${number}`)]);
  await clock.advance(10_000);
  assert.deepEqual(said, ["12 new messages"]);
});

test("the viewer's own message is confirmed once, at once", async () => {
  const { clock, said, announcer } = listen();
  announcer.announce([message("Mine", VIEWER)]);
  await clock.advance(10_000);
  assert.deepEqual(said, ["Your message was sent."]);
});

test("the switch silences others, also on the next page", async () => {
  const { clock, said, announcer, make } = listen();
  announcer.announce([message("Hello")]);
  announcer.enabled = false;
  announcer.announce([message("Again")]);
  await clock.advance(10_000);
  assert.deepEqual(said, []);
  assert.equal(make().enabled, false);
});
