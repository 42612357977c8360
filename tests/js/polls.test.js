import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { conditionsOf, PollState, shareOf } from "../../frontend/polls/poll.js";
import { FakeClock, settle } from "./support/fake_clock.js";
import { FakeServer } from "./support/fake_server.js";
import { openPage } from "./support/page.js";

/** @import { OwnAnswer, Poll, PollModel, PollView, Said } from "../../frontend/polls/types.js" */

/** @type {Poll} */
const LUNCH = {
  id: 5,
  question: "Lunch?",
  options: [
    { id: 51, text: "Soup", votes: 0 },
    { id: 52, text: "Salad", votes: 0 },
  ],
  multiple: false,
  secret: false,
  live_results: true,
  state: "open",
  answers: 0,
};

/** @implements {PollView} */
class RecordingView {
  /** @type {PollModel} */
  model = { poll: null, when: new Set(), chosen: [], answered: false };
  /** @type {Said} */
  said = "";
  refusal = "";
  marks = 0;

  /** @param {PollModel} model */
  showPoll(model) {
    this.model = model;
  }

  /** @param {Said} said */
  showSaid(said) {
    this.said = said;
  }

  /** @param {string} message */
  showRefusal(message) {
    this.refusal = message;
  }

  markNew() {
    this.marks += 1;
  }
}

/** @type {FakeClock} */
let clock;
/** @type {FakeServer} */
let server;

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeServer(clock);
});

/** @param {{ poll?: Poll | null, answered?: OwnAnswer | null }} [came] what the page came with */
async function open({ poll = LUNCH, answered = null } = {}) {
  const page = await openPage(server, clock);
  const view = new RecordingView();
  const { session, chat } = page;
  const state = new PollState({ session, chat, view, clock, random: () => 0, poll, answered });
  return { page, view, state };
}

const sent = () =>
  server.packets.filter(({ name }) => name === "answer_poll").map(({ packet }) => packet.options);

test("an answer is sent once and known from then on", async () => {
  const { state, view } = await open();
  state.answer([52]);
  assert.equal(view.said, "sending");
  await settle();
  assert.deepEqual(sent(), [[52]]);
  assert.equal(view.said, "counted");
  assert.deepEqual(view.model.chosen, [52]);
});

test("an answer whose acknowledgement is lost is sent again", async () => {
  const { state, view, page } = await open();
  server.losesAnswers = true;
  state.answer([51]);
  await page.disconnect();
  server.losesAnswers = false;
  await page.connect();
  await clock.advance(20_000);
  assert.deepEqual(sent(), [[51], [51]]);
  assert.equal(view.said, "counted");
});

test("an answer that cannot be stored now is sent later", async () => {
  const { state, view } = await open();
  server.refusals.answer_poll = [
    { ok: false, error: { code: "unavailable", message: "Later.", retry_after: 2 } },
  ];
  state.answer([51]);
  await clock.advance(1_900);
  assert.equal(view.said, "sending");
  await clock.advance(200);
  assert.deepEqual(sent(), [[51], [51]]);
  assert.equal(view.said, "counted");
});

test("an answer that is refused for good is said and not sent again", async () => {
  const { state, view } = await open();
  server.refusals.answer_poll = [{ ok: false, error: { code: "invalid", message: "This poll is closed." } }];
  state.answer([51]);
  await clock.advance(60_000);
  assert.deepEqual(sent(), [[51]]);
  assert.equal(view.refusal, "This poll is closed.");
  assert.equal(view.model.answered, false);
});

test("the latest of several answers is the one that stands", async () => {
  const { state, view } = await open();
  state.answer([51]);
  state.answer([52]);
  await clock.advance(1_000);
  assert.deepEqual(sent(), [[51], [52]]);
  assert.deepEqual(view.model.chosen, [52]);
});

test("a secret answer is not kept in the page", async () => {
  const { state, view } = await open({ poll: { ...LUNCH, secret: true } });
  state.answer([52]);
  await settle();
  assert.deepEqual([view.model.answered, view.model.chosen], [true, []]);
  assert.ok(view.model.when.has("sealed"));
});

test("a second secret answer says that the first one counts", async () => {
  const { state, view } = await open({ poll: { ...LUNCH, secret: true } });
  server.refusals.answer_poll = [{ ok: true, repeated: true }];
  state.answer([52]);
  await settle();
  assert.equal(view.said, "before");
});

test("a poll that opens or closes is marked, one whose votes change is not", async () => {
  const { view } = await open({ poll: null });
  server.broadcast("poll_changed", LUNCH);
  assert.equal(view.marks, 1);
  server.broadcast("poll_changed", { ...LUNCH, answers: 3 });
  assert.equal(view.marks, 1);
  server.broadcast("poll_changed", { ...LUNCH, state: "closed" });
  assert.equal(view.marks, 2);
  assert.deepEqual(view.model.when, new Set(["closed"]));
});

test("after a reconnect the page shows how the poll stands", async () => {
  const { page, view } = await open({ poll: null });
  server.state = { poll: LUNCH, answered: { poll: 5, options: [51] } };
  await page.disconnect();
  await page.connect();
  assert.equal(view.model.poll?.id, 5);
  assert.deepEqual(view.model.chosen, [51]);
});

test("an acknowledged answer is not forgotten for an older state", async () => {
  const { page, state, view } = await open();
  state.answer([51]);
  await settle();
  server.state = { poll: LUNCH, answered: null };
  await page.disconnect();
  await page.connect();
  assert.deepEqual(view.model.chosen, [51]);
});

test("an answer to an earlier poll is not shown for the next one", async () => {
  const { state, view } = await open();
  state.answer([51]);
  await settle();
  server.broadcast("poll_changed", { ...LUNCH, id: 6 });
  assert.deepEqual([view.model.answered, view.model.chosen, view.said], [false, [], ""]);
});

test("a closed poll takes no answer", async () => {
  const { state } = await open({ poll: { ...LUNCH, state: "closed" } });
  state.answer([51]);
  await settle();
  assert.deepEqual(sent(), []);
});

test("what has to be known before answering follows from the poll", () => {
  assert.deepEqual(conditionsOf(null, false), new Set(["none"]));
  assert.deepEqual(conditionsOf(LUNCH, true), new Set(["named"]));
  const hidden = { ...LUNCH, secret: true, multiple: true, live_results: false };
  assert.deepEqual(conditionsOf(hidden, false), new Set(["secret", "later", "several"]));
  assert.deepEqual(conditionsOf(hidden, true), new Set(["later", "sealed"]));
});

test("shares are whole per cent, and nobody is no share", () => {
  assert.deepEqual([shareOf(0, 0), shareOf(1, 3), shareOf(1, 8), shareOf(2, 2)], [0, 33, 13, 100]);
});
