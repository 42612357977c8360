import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
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

const asked = () =>
  server.packets.filter(({ name }) => name === "messages_since").map(({ packet }) => packet.after);
const open = {
  state: "open",
  stream_url: "/live.m3u8",
  chat_open: true,
  slow_mode_seconds: 0,
  hold_messages: false,
};

test("a page shows what it missed while it was away, and says how much", async () => {
  server.post("before");
  const page = await openPage();
  await page.disconnect();
  server.post("one");
  server.post("two");
  await page.connect();
  assert.deepEqual(page.bodies, ["before", "one", "two"]);
  assert.deepEqual(page.view.caughtUp, [0, 2], "nothing was missed before the first connection");
});

test("repeats of the overlap are not shown again", async () => {
  const page = await openPage();
  for (const body of ["one", "two", "three"]) server.post(body);
  await page.disconnect();
  await page.connect();
  assert.deepEqual(asked(), [0, 0], "it asks again from before the first message");
  assert.deepEqual(page.bodies, ["one", "two", "three"]);
});

test("a message that becomes visible late, with a lower id, is in its place after a reconnect", async () => {
  const page = await openPage();
  server.store("one");
  server.store("three", "Grace", 3);
  await page.disconnect();
  await page.connect();
  server.store("two", "Grace", 2);
  await page.disconnect();
  await page.connect();
  assert.deepEqual(page.bodies, ["one", "two", "three"]);
});

test("a long absence is caught up in parts", async () => {
  const page = await openPage();
  for (let number = 1; number <= 250; number += 1) server.store(`${number}`);
  await page.disconnect();
  await page.connect();
  assert.deepEqual(asked(), [0, 0, 100, 200]);
  assert.equal(page.bodies.length, 200);
  assert.equal(page.bodies.at(-1), "250");
  assert.deepEqual(page.view.caughtUp, [0, 250]);
});

test("messages that arrive while the page catches up are shown once, in order", async () => {
  const page = new FakePage(server, clock);
  server.store("one");
  page.socket.emit("connect");
  server.post("two");
  await settle();
  server.post("three");
  assert.deepEqual(page.bodies, ["one", "two", "three"]);
});

for (const [random, delay] of [
  [0, 12_000 + 1_500],
  [1, 12_000 + 3_000],
]) {
  test(`a page that got no answer tries to catch up again after ${delay} ms at ${random}`, async () => {
    server.losesAnswers = true;
    server.store("one");
    const page = await openPage({ random });
    server.losesAnswers = false;
    await clock.advance(delay - 1);
    assert.deepEqual(page.bodies, []);
    await clock.advance(1);
    assert.deepEqual(page.bodies, ["one"]);
  });
}

test("a page that is disconnected does not go on catching up", async () => {
  const page = await openPage();
  server.losesAnswers = true;
  await page.disconnect();
  await page.connect();
  await page.disconnect();
  const before = page.socket.emitted.length;
  await clock.advance(120_000);
  assert.equal(page.socket.emitted.length, before);
});

test("what was missed is counted once the page has caught up, however often it tries", async () => {
  const page = await openPage();
  await page.disconnect();
  server.store("one");
  server.losesAnswers = true;
  await page.connect();
  server.losesAnswers = false;
  await clock.advance(12_000 + 3_000);
  assert.deepEqual(page.view.caughtUp, [0, 1]);
});

test("a removed message disappears and does not come back with the next catch-up", async () => {
  const page = await openPage();
  const id = server.post("rude");
  server.post("kind");
  server.broadcast("message_removed", { id });
  assert.deepEqual(page.bodies, ["kind"]);
  await page.disconnect();
  await page.connect();
  assert.deepEqual(page.bodies, ["kind"]);
});

test("a message that is removed before it arrives is never shown", async () => {
  const page = await openPage();
  const message = server.store("rude");
  server.broadcast("message_removed", { id: message.id });
  server.broadcast("messages_posted", [message]);
  assert.deepEqual(page.bodies, []);
});

test("a message that was removed while the page was away disappears", async () => {
  const page = await openPage();
  const id = server.post("rude");
  await page.disconnect();
  server.state = { removed: [id] };
  await page.connect();
  assert.deepEqual(page.bodies, []);
});

test("a restored message is back in its place, also after a reconnect", async () => {
  const page = await openPage();
  server.post("first");
  const message = server.store("rude");
  server.broadcast("messages_posted", [message]);
  server.post("last");
  server.broadcast("message_removed", { id: message.id });
  assert.deepEqual(page.bodies, ["first", "last"]);
  server.broadcast("message_restored", message);
  assert.deepEqual(page.bodies, ["first", "rude", "last"]);
  await page.disconnect();
  await page.connect();
  assert.deepEqual(page.bodies, ["first", "rude", "last"]);
});

test("a message that was restored while the page was away is back in its place", async () => {
  const page = await openPage();
  const message = server.store("rude");
  for (let number = 1; number <= 150; number += 1) server.store(`${number}`);
  server.broadcast("message_removed", { id: message.id });
  await page.disconnect();
  server.messages.splice(server.messages.indexOf(message), 1);
  await page.connect();
  await clock.advance(60_000);
  server.post("late");
  assert.equal(page.bodies[0], "1");
  await page.disconnect();
  server.state = { restored: [message] };
  await page.connect();
  assert.deepEqual([page.bodies[0], page.bodies.length], ["rude", 152]);
});

test("the announcement and the event stand as the server says after a reconnect", async () => {
  const page = await openPage();
  server.broadcast("announcement_posted", { id: 1, body: "Lunch is at noon." });
  assert.equal(page.view.announcement?.body, "Lunch is at noon.");
  await page.disconnect();
  server.state = { announcement: null, event: { ...open, chat_open: false } };
  await page.connect();
  assert.equal(page.view.announcement, null);
  assert.equal(page.view.composer.open, false);
});

test("an answer without a field says nothing about it", async () => {
  const page = await openPage();
  server.broadcast("announcement_posted", { id: 1, body: "Lunch is at noon." });
  await page.disconnect();
  await page.connect();
  assert.equal(page.view.announcement?.body, "Lunch is at noon.");
});

test("a further part of the page learns how it stands", async () => {
  const page = new FakePage(server, clock);
  /** @type {unknown[]} */
  const polls = [];
  page.chat.onState("poll", (poll) => polls.push(poll));
  server.state = { poll: { id: 3 } };
  await page.connect();
  assert.deepEqual(polls, [{ id: 3 }]);
});

test("the settings of the chat apply at once", async () => {
  const page = await openPage();
  server.broadcast("event_changed", { ...open, hold_messages: true, slow_mode_seconds: 30 });
  assert.deepEqual(page.view.composer, { open: true, approval: true });
  await page.write("first");
  await page.write("second");
  assert.deepEqual(server.bodies, ["first"]);
  server.broadcast("event_changed", open);
  await settle();
  assert.deepEqual(server.bodies, ["first", "second"], "the end of slow mode lets the next one go");
});

test("a moderator writes without approval and slow mode", async () => {
  const page = await openPage({ exempt: true });
  server.broadcast("event_changed", { ...open, hold_messages: true, slow_mode_seconds: 30 });
  assert.equal(page.view.composer.approval, false);
  await page.write("first");
  await page.write("second");
  assert.deepEqual(server.bodies, ["first", "second"]);
});

test("a new title is shown at once", async () => {
  const page = await openPage();
  server.broadcast("event_changed", { ...open, title: "All hands in June" });
  assert.equal(page.view.title, "All hands in June");
  assert.equal(page.view.reloads, 0);
});

for (const change of [
  { state: "closed" },
  { stream_url: "/other.m3u8" },
  { stream_kind: "embed" },
  { stream_hosts: "https://cdn.example.com" },
]) {
  test(`a page reloads once, spread over three seconds, when ${Object.keys(change)} changes`, async () => {
    const page = await openPage({ random: 0.9 });
    server.broadcast("event_changed", { ...open, ...change });
    server.broadcast("event_changed", { ...open, ...change });
    await clock.advance(2_699);
    assert.equal(page.view.reloads, 0);
    await clock.advance(60_000);
    assert.equal(page.view.reloads, 1);
  });
}

test("muting and unmuting are told to the viewer", async () => {
  const page = await openPage();
  server.broadcast("muted_changed", { until: new Date(clock.now() + 60_000).toISOString() });
  assert.equal(page.view.muted, true);
  assert.equal(page.pace.describe(false), "You are muted for another 1 min 0 s.");
  const reason = { until: new Date(clock.now() + 60_000).toISOString(), reason: "Insults" };
  server.broadcast("muted_changed", reason);
  assert.equal(page.pace.describe(false), "You are muted for another 1 min 0 s. Reason: Insults");
  server.broadcast("muted_changed", { until: null });
  assert.equal(page.view.muted, false);
  assert.equal(page.pace.describe(false), "");
});

test("a page that was away learns that its viewer is muted", async () => {
  const page = await openPage();
  await page.disconnect();
  server.state = { muted_until: "9999-12-31T23:59:59Z", mute_reason: "Insults" };
  await page.connect();
  assert.equal(page.pace.describe(false), "You are muted in this event. Reason: Insults");
});

test("while somebody reads older messages they stay", async () => {
  const page = await openPage();
  for (let number = 1; number <= 200; number += 1) server.post(`${number}`);
  page.view.isReading = true;
  server.post("201");
  assert.equal(page.bodies[0], "1");
  page.view.isReading = false;
  server.post("202");
  assert.equal(page.bodies[0], "3");
});

test("the number of viewers is shown", async () => {
  const page = await openPage();
  server.broadcast("viewers_changed", { watching: 12 });
  assert.equal(page.view.watching, 12);
});

test("a page that comes back from the background asks at once for what it missed", async () => {
  const page = await openPage();
  server.store("one");
  page.chat.refresh();
  await settle();
  assert.deepEqual(page.bodies, ["one"]);
  assert.equal(page.socket.connects, 0, "the connection was alive");
});

test("a page that comes back with a dead connection connects anew within a second", async () => {
  const page = await openPage();
  server.losesAnswers = true;
  server.store("one");
  page.chat.refresh();
  await clock.advance(999);
  assert.equal(page.socket.connects, 0);
  await clock.advance(1);
  assert.equal(page.socket.connects, 1);
  assert.equal(page.view.status, "reconnecting");
  server.losesAnswers = false;
  await page.connect();
  assert.deepEqual(page.bodies, ["one"]);
});

test("a page that comes back without a connection does not wait for the next attempt", async () => {
  const page = await openPage();
  await page.disconnect();
  page.chat.refresh();
  assert.equal(page.socket.connects, 1);
});

test("a page that is told to ask less often does so", async () => {
  const page = await openPage({ random: 1 });
  server.refusals.messages_since = [
    { ok: false, error: { code: "slow_down", message: "Later.", retry_after: 8 } },
  ];
  await page.disconnect();
  await page.connect();
  server.store("one");
  await clock.advance(9_999);
  assert.deepEqual(page.bodies, []);
  await clock.advance(1);
  assert.deepEqual(page.bodies, ["one"]);
});

test("only what came while the page was disconnected is reported as missed", async () => {
  const page = await openPage();
  await page.disconnect();
  server.store("one");
  await page.connect();
  server.store("two");
  page.chat.refresh();
  await settle();
  assert.deepEqual(page.bodies, ["one", "two"]);
  assert.deepEqual(page.view.caughtUp, [0, 1, 0]);
});
