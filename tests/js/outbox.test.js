import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { MemoryStore } from "../../stack/chaos/memory_store.js";
import { FakeClock, settle } from "./support/fake_clock.js";
import { FakeServer } from "./support/fake_server.js";
import { FakePage, openPage as openConnected } from "./support/page.js";

/** @type {FakeClock} */
let clock;
/** @type {FakeServer} */
let server;

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeServer(clock);
});

/** @param {ConstructorParameters<typeof FakePage>[2]} [options] */
const openPage = (options) => openConnected(server, clock, options);

/** @param {string} code @param {number} [retry_after] */
function refuse(code, retry_after) {
  server.refusals.post_message = [{ ok: false, error: { code, message: "No.", retry_after } }];
}

const posts = () =>
  server.packets.filter(({ name }) => name === "post_message").map(({ packet }) => packet.body);

test("a message is stored once and leaves the outbox", async () => {
  const page = await openPage();
  await page.write("hello");
  assert.deepEqual(server.bodies, ["hello"]);
  assert.deepEqual(page.bodies, ["hello"]);
  assert.deepEqual(page.pending, []);
  assert.equal(page.stored, 0);
});

test("a message that is acknowledged before it arrives is on its way until then", async () => {
  const page = await openPage();
  server.refusals.post_message = [{ ok: true, id: 1 }];
  await page.write("hello");
  assert.equal(page.stored, 0);
  assert.deepEqual(page.pending, ["hello"], "it does not vanish in between");
  server.post("hello");
  assert.deepEqual(page.pending, []);
  assert.deepEqual(page.bodies, ["hello"]);
});

test("a message whose answer was lost is sent again and stored once", async () => {
  const page = await openPage();
  server.losesAnswers = true;
  await page.write("hello");
  assert.deepEqual(page.bodies, ["hello"]);
  assert.equal(page.stored, 1, "nothing is forgotten before its acknowledgement");
  server.losesAnswers = false;
  await clock.advance(12_000 + 1_500);
  assert.deepEqual(posts(), ["hello", "hello"]);
  assert.deepEqual(server.bodies, ["hello"]);
  assert.equal(page.stored, 0);
  assert.deepEqual(page.pending, []);
});

test("messages are stored in the order in which they were written", async () => {
  const page = await openPage();
  refuse("unavailable", 3);
  await page.write("first");
  await page.write("second");
  await page.write("third");
  assert.deepEqual(posts(), ["first"], "the second waits for the first");
  await clock.advance(4_000);
  assert.deepEqual(server.bodies, ["first", "second", "third"]);
});

test("a message written while the server is away is sent on the next connection", async () => {
  const page = await openPage();
  await page.disconnect();
  await page.write("hello");
  assert.deepEqual(page.pending, ["hello"]);
  await clock.advance(60_000);
  assert.deepEqual(posts(), []);
  await page.connect();
  assert.deepEqual(server.bodies, ["hello"]);
  assert.deepEqual(page.pending, []);
});

test("the outbox outlives a reload, in its order", async () => {
  const storage = new MemoryStore();
  const page = new FakePage(server, clock, { storage });
  // The order of the entries in the storage is any; that of writing counts.
  await page.write("first", "z");
  await clock.advance(10);
  await page.write("second", "a");
  const reloaded = new FakePage(server, clock, { storage });
  assert.deepEqual(reloaded.pending, ["first", "second"]);
  await reloaded.connect();
  assert.deepEqual(server.bodies, ["first", "second"]);
  assert.equal(storage.length, 0);
});

test("the entries of an earlier version of the page are read", async () => {
  const storage = new MemoryStore();
  const post = { nonce: "n1", body: "hello", written_at: "2026-12-01T08:59:00.000Z" };
  storage.setItem("townhall:outbox:all-hands:7:n1", JSON.stringify(post));
  const page = await openPage({ storage });
  assert.deepEqual(page.bodies, ["hello"]);
  assert.equal(storage.length, 0);
});

test("entries of others and broken entries are left alone", async () => {
  const storage = new MemoryStore();
  const foreign = [
    ["townhall:outbox:all-hands:71:n1", JSON.stringify({ nonce: "n1", body: "b", written_at: "2026" })],
    ["townhall:outbox:other:7:n1", JSON.stringify({ nonce: "n1", body: "b", written_at: "2026" })],
    ["townhall:outbox:all-hands:7:n2", "{"],
    ["townhall:outbox:all-hands:7:n3", "null"],
    ["townhall:outbox:all-hands:7:n4", '{"nonce": "n4", "body": 7, "written_at": "2026"}'],
  ];
  for (const [key, value] of foreign) storage.setItem(key, value);
  const page = new FakePage(server, clock, { storage });
  await page.write("mine");
  const reloaded = await openPage({ storage });
  assert.deepEqual(server.bodies, ["mine"]);
  assert.deepEqual(reloaded.bodies, ["mine"]);
  assert.equal(storage.length, foreign.length);
});

test("two tabs share one outbox without overwriting each other", async () => {
  const storage = new MemoryStore();
  const tabs = [new FakePage(server, clock, { storage }), new FakePage(server, clock, { storage })];
  await tabs[0].write("in the first tab");
  await clock.advance(1);
  await tabs[1].write("in the second tab");
  assert.equal(storage.length, 2);
  // A third one sends what the others could not.
  const third = await openPage({ storage });
  assert.deepEqual(server.bodies, ["in the first tab", "in the second tab"]);
  // They come back and send their own again: stored once, and nothing stays on its way.
  for (const tab of tabs) await tab.connect();
  for (const page of [...tabs, third]) {
    assert.deepEqual(page.bodies, ["in the first tab", "in the second tab"]);
    assert.deepEqual(page.pending, []);
  }
  assert.equal(storage.length, 0);
});

for (const code of ["invalid", "muted", "chat_closed", "event_not_open"]) {
  test(`a message that is refused for good (${code}) returns to its author`, async () => {
    const page = await openPage();
    refuse(code);
    await page.write("too much");
    await page.write("next");
    assert.deepEqual(page.view.refusals, [{ body: "too much", code }]);
    assert.deepEqual(page.pending, []);
    assert.equal(page.stored, 0);
    assert.deepEqual(server.bodies, ["next"]);
  });
}

test("a refused message stays while another one is being written, also over a reload", async () => {
  const storage = new MemoryStore();
  const page = await openPage({ storage });
  page.view.isWriting = true;
  refuse("muted");
  await page.write("too much");
  await page.write("next");
  assert.deepEqual(server.bodies, ["next"], "it holds up no other");
  assert.deepEqual([...page.view.refused.values()], ["No."]);
  assert.equal(page.outbox.isWaiting, false);
  const reloaded = await openPage({ storage });
  assert.deepEqual(reloaded.pending, ["too much"]);
  assert.deepEqual([...reloaded.view.refused.values()], ["No."]);
  assert.deepEqual(server.bodies, ["next"], "it is not sent by itself");
  const [nonce = ""] = reloaded.view.refused.keys();
  reloaded.outbox.retry(nonce, "anew");
  await settle();
  assert.deepEqual(server.bodies, ["next", "too much"]);
  assert.deepEqual([reloaded.pending, storage.length], [[], 0]);
});

test("a refused message that its author gives up is gone", async () => {
  const page = await openPage();
  page.view.isWriting = true;
  refuse("chat_closed");
  await page.write("too late", "n");
  page.outbox.discard("n");
  assert.deepEqual([page.pending, page.stored], [[], 0]);
});

test("a mute is counted down", async () => {
  const page = await openPage();
  refuse("muted", 300);
  await page.write("hello");
  assert.equal(page.pace.describe(false), "You are muted for another 5 min 0 s.");
});

for (const code of ["unavailable", "internal", "something_new"]) {
  test(`a message that cannot be stored now (${code}) is sent again after the time given`, async () => {
    const page = await openPage({ random: 1 });
    refuse(code, 4);
    await page.write("hello");
    assert.deepEqual(page.pending, ["hello"]);
    await clock.advance(4_999);
    assert.deepEqual(posts(), ["hello"], "a quarter of jitter on top");
    await clock.advance(1);
    assert.deepEqual(server.bodies, ["hello"]);
  });
}

test("a page that writes too fast waits as long as the server says", async () => {
  const page = await openPage();
  refuse("slow_down", 7);
  await page.write("hello");
  assert.equal(page.pace.describe(page.outbox.isWaiting), "Your message is sent in 7 s.");
  await clock.advance(6_999);
  assert.deepEqual(server.bodies, []);
  await clock.advance(1);
  assert.deepEqual(server.bodies, ["hello"]);
});

test("in slow mode the next message waits its turn", async () => {
  const page = await openPage();
  page.pace.setSlowMode(30);
  await page.write("first");
  await page.write("second");
  assert.deepEqual(server.bodies, ["first"]);
  await clock.advance(29_999);
  assert.deepEqual(posts(), ["first"]);
  await clock.advance(1);
  assert.deepEqual(server.bodies, ["first", "second"]);
});

test("a message that the server has seen is asked for at once, also in slow mode", async () => {
  const page = await openPage();
  page.pace.setSlowMode(30);
  server.holds = true;
  await page.write("hello");
  server.approve();
  await settle();
  assert.deepEqual(page.pending, []);
  assert.deepEqual(page.bodies, ["hello"]);
});

test("a message that waits for approval stays visible, also over a reload", async () => {
  const storage = new MemoryStore();
  server.holds = true;
  const page = await openPage({ storage });
  await page.write("hello");
  assert.deepEqual([...page.view.pending.values()], [{ body: "hello", held: true }]);
  assert.equal(page.outbox.isWaiting, false);
  const reloaded = await openPage({ storage });
  assert.deepEqual([...reloaded.view.pending.values()], [{ body: "hello", held: true }]);
  server.approve();
  await settle();
  for (const each of [page, reloaded]) {
    assert.deepEqual(each.bodies, ["hello"]);
    assert.deepEqual(each.pending, []);
  }
  assert.equal(storage.length, 0);
});

test("a message that waits for approval does not hold up the next one", async () => {
  server.holds = true;
  const page = await openPage();
  await page.write("held");
  server.holds = false;
  await page.write("free");
  assert.deepEqual(server.bodies, ["free"]);
  assert.deepEqual(page.pending, ["held"]);
});

test("without storage a message is sent all the same", async () => {
  const forbidden = () => {
    throw new Error("The quota has been exceeded.");
  };
  const storage = new MemoryStore();
  storage.setItem = forbidden;
  storage.removeItem = forbidden;
  const page = await openPage({ storage });
  await page.write("hello");
  assert.deepEqual(server.bodies, ["hello"]);
  assert.deepEqual(page.pending, []);
});

test("a viewer who is checked out keeps the message and leaves", async () => {
  const page = await openPage();
  refuse("not_checked_in");
  await page.write("hello");
  assert.equal(page.view.left, 1);
  assert.equal(page.stored, 1);
  assert.deepEqual(posts(), ["hello"], "no second attempt at once");
});

test("a message that a moderator rejects returns to its author", async () => {
  server.holds = true;
  const page = await openPage();
  await page.write("rude");
  server.reject();
  await settle();
  assert.deepEqual(page.view.refusals, [{ body: "rude", code: "invalid" }]);
  assert.deepEqual(page.pending, []);
  assert.equal(page.stored, 0);
});
