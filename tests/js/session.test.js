import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { FakeClock } from "./support/fake_clock.js";
import { FakeServer } from "./support/fake_server.js";
import { FakePage } from "./support/page.js";

/** @type {FakeClock} */
let clock;
/** @type {FakeServer} */
let server;

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeServer(clock);
});

/** @param {ConstructorParameters<typeof FakePage>[2]} [options] */
const openPage = (options) => new FakePage(server, clock, options);
/** @param {string} message @param {object} [data] */
const failure = (message, data) => Object.assign(new Error(message), { data });

test("the page connects to the event, a WebSocket first, and spreads its reconnections", () => {
  const { socket } = openPage();
  assert.equal(socket.namespace, "/live");
  assert.deepEqual(socket.io.opts, {
    auth: { event: "all-hands" },
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5_000,
    randomizationFactor: 0.8,
    timeout: 8_000,
  });
});

test("a lost connection is shown until it is back", async () => {
  const page = openPage();
  await page.connect();
  assert.equal(page.view.status, "connected");
  await page.disconnect();
  assert.equal(page.view.status, "reconnecting");
  await page.connect();
  assert.equal(page.view.status, "connected");
});

test("a viewer whom the server disconnects leaves", async () => {
  const page = openPage();
  await page.connect();
  await page.disconnect("io server disconnect");
  assert.equal(page.view.left, 1);
});

for (const code of ["not_checked_in", "event_not_open"]) {
  test(`a viewer who may not enter (${code}) leaves and does not knock again`, async () => {
    const page = openPage();
    page.socket.emit("connect_error", failure("refused", { code }));
    await clock.advance(60_000);
    assert.equal(page.view.left, 1);
    assert.equal(page.socket.connects, 0);
  });
}

for (const [random, delay] of [
  [0, 1_500],
  [1, 4_500],
]) {
  test(`a page that is refused for now knocks again after ${delay} ms at ${random}`, async () => {
    const page = openPage({ random });
    page.socket.emit("connect_error", failure("refused", { code: "unavailable" }));
    await clock.advance(delay - 1);
    assert.equal(page.socket.connects, 0);
    await clock.advance(1);
    assert.equal(page.socket.connects, 1);
    assert.equal(page.view.left, 0);
  });
}

test("a network error is left to the client, which tries again by itself", async () => {
  const page = openPage();
  page.socket.emit("connect_error", failure("websocket error"));
  assert.equal(page.view.status, "reconnecting");
  await clock.advance(60_000);
  assert.equal(page.socket.connects, 0);
});

for (const [random, again] of [
  [0, 1],
  [0.5, 501],
]) {
  test(`a page that a full node refused asks for any node, number ${again}, until it is connected`, async () => {
    const page = openPage({ random });
    page.socket.emit("connect_error", failure("websocket error"));
    assert.deepEqual(page.socket.io.opts.query, { again });
    await page.connect();
    assert.equal(page.socket.io.opts.query, undefined);
  });
}

test("a page that met silence asks for any node, until it is connected", async () => {
  const page = openPage();
  page.socket.emit("connect_error", failure("timeout"));
  assert.deepEqual(page.socket.io.opts.query, { again: 501 });
  await page.connect();
  assert.equal(page.socket.io.opts.query, undefined);
  await page.disconnect("ping timeout");
  assert.deepEqual(page.socket.io.opts.query, { again: 501 });
});

test("where no WebSocket ever answered, the transports take turns", () => {
  const { socket } = openPage();
  const first = [];
  for (let attempt = 0; attempt < 4; attempt += 1) {
    socket.emit("connect_error", failure("timeout"));
    first.push(socket.io.opts.transports[0]);
  }
  assert.deepEqual(first, ["polling", "websocket", "polling", "websocket"]);
});

test("where a WebSocket has worked, it is tried three times before polling", async () => {
  const page = openPage();
  await page.connect();
  await page.disconnect();
  const first = [];
  for (let attempt = 0; attempt < 4; attempt += 1) {
    page.socket.emit("connect_error", failure("timeout"));
    first.push(page.socket.io.opts.transports[0]);
  }
  assert.deepEqual(first, ["websocket", "websocket", "polling", "websocket"]);
});

test("each connection starts the count of silent attempts anew", async () => {
  const page = openPage();
  for (let turn = 0; turn < 3; turn += 1) {
    await page.connect();
    await page.disconnect();
    for (let attempt = 0; attempt < 2; attempt += 1) {
      page.socket.emit("connect_error", failure("timeout"));
      assert.equal(page.socket.io.opts.transports[0], "websocket");
    }
  }
});

test("pages do not share their transports", () => {
  const [one, other] = [openPage(), openPage()];
  one.socket.emit("connect_error", failure("timeout"));
  assert.deepEqual(other.socket.io.opts.transports, ["websocket", "polling"]);
});

test("a request without an answer ends after 12 seconds", async () => {
  const page = openPage();
  await page.connect();
  server.losesAnswers = true;
  /** @type {unknown[]} */
  const answers = [];
  page.session.request("messages_since", { after: 0 }).then((ack) => answers.push(ack));
  await clock.advance(11_999);
  assert.deepEqual(answers, []);
  await clock.advance(1);
  assert.deepEqual(answers, [undefined]);
});

test("an answer that says so makes the viewer leave", async () => {
  const page = openPage();
  await page.connect();
  server.refusals.messages_since = [{ ok: false, error: { code: "not_checked_in", message: "No." } }];
  const ack = await page.session.request("messages_since", { after: 0 });
  assert.equal(ack?.ok, false);
  assert.equal(page.view.left, 1);
});
