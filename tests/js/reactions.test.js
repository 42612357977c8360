import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Reactions } from "../../frontend/polls/reactions.js";
import { FakeClock } from "./support/fake_clock.js";
import { FakeServer } from "./support/fake_server.js";
import { openPage } from "./support/page.js";

/** @type {FakeClock} */
let clock;
/** @type {FakeServer} */
let server;
/** @type {{ kind: string, delay: number }[]} */
let rising;

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeServer(clock);
  rising = [];
});

async function open() {
  const page = await openPage(server, clock);
  /** @type {(kind: string, delay: number) => void} */
  const rise = (kind, delay) => rising.push({ kind, delay });
  return {
    page,
    reactions: new Reactions({ session: page.session, view: { rise }, clock, random: () => 0.5 }),
  };
}

const sent = () => server.packets.filter(({ name }) => name === "react").map(({ packet }) => packet.kind);

test("a reaction is sent and rises at once", async () => {
  const { reactions } = await open();
  reactions.react("love");
  assert.deepEqual(sent(), ["love"]);
  assert.deepEqual(rising, [{ kind: "love", delay: 0 }]);
});

test("the fourth reaction in a second is neither sent nor shown", async () => {
  const { reactions } = await open();
  for (let i = 0; i < 5; i++) reactions.react("like");
  assert.equal(sent().length, 3);
  assert.equal(rising.length, 3);
  await clock.advance(1_000);
  reactions.react("like");
  assert.equal(sent().length, 4);
});

test("those of others rise within the next second, the viewer's own not again", async () => {
  const { reactions } = await open();
  reactions.react("like");
  rising = [];
  server.broadcast("reactions", { like: 3, laugh: 1 });
  assert.deepEqual(
    rising.map(({ kind }) => kind),
    ["like", "like", "laugh"],
  );
  assert.ok(rising.every(({ delay }) => delay < 1_000));
});

test("a storm lets a few rise, of each kind at least one", async () => {
  await open();
  server.broadcast("reactions", { like: 5_000, love: 2_500, laugh: 1 });
  const kinds = rising.map(({ kind }) => kind);
  assert.ok(kinds.length <= 20, `${kinds.length} rise`);
  assert.deepEqual(new Set(kinds), new Set(["like", "love", "laugh"]));
});

test("without a connection nothing is sent later", async () => {
  const { page, reactions } = await open();
  await page.disconnect();
  reactions.react("like");
  await page.connect();
  assert.deepEqual(sent(), []);
  assert.deepEqual(rising, []);
});
