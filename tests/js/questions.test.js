import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Outbox } from "../../frontend/live/outbox.js";
import { Pace } from "../../frontend/live/pace.js";
import { Session } from "../../frontend/live/session.js";
import { Questions } from "../../frontend/questions/questions.js";
import { QuestionStore } from "../../frontend/questions/store.js";
import { MemoryStore } from "../../stack/chaos/memory_store.js";
import { FakeClock, settle } from "./support/fake_clock.js";
import { FakeServer } from "./support/fake_server.js";

/**
 * @import { Post, Refusal } from "../../frontend/live/types.js"
 * @import { Question, Shown } from "../../frontend/questions/types.js"
 */

/** @param {number} id @param {Partial<Question>} [values] @returns {Question} */
const question = (id, values) => ({
  id,
  body: `Question ${id}`,
  author: "Grace",
  department: "Research",
  asked_at: "2026-12-01T09:00:00Z",
  state: "open",
  votes: 0,
  answer: null,
  answered_at: null,
  merged_into: null,
  ...values,
});

/** Questions as a page shows them, with a view that remembers. */
class QuestionsPage {
  /** @type {Shown[]} */
  shown = [];
  settled = true;
  /** @type {string[]} */
  refusals = [];
  /** @type {number[]} */
  revealed = [];
  unread = 0;
  /** @type {{ field: string, handler: (value: any) => void }[]} */
  #states = [];

  /** @param {FakeServer} server @param {FakeClock} clock */
  constructor(server, clock) {
    const view = { showConnected() {}, showReconnecting() {}, leave() {} };
    this.session = new Session({ connect: server.connect, event: "e", view, clock, random: () => 0 });
    this.questions = new Questions({
      session: this.session,
      chat: { onState: (field, handler) => this.#states.push({ field, handler }) },
      view: {
        show: (shown, settled) => Object.assign(this, { shown, settled }),
        reveal: (id) => this.revealed.push(id),
        showVoteRefusal: (message) => this.refusals.push(message),
      },
      onNew: (count) => {
        this.unread += count;
      },
      onArrived() {},
      clock,
      random: () => 0,
    });
    server.sockets[0].emit("connect");
  }

  /** Hand over a field of the answer to `messages_since`. @param {string} name @param {any} value */
  stand(name, value) {
    for (const { field, handler } of this.#states) if (field === name) handler(value);
  }

  get order() {
    return this.shown.map(({ id }) => id);
  }

  /** @param {number} id */
  row(id) {
    return this.shown.find((one) => one.id === id);
  }
}

/** @type {FakeClock} */
let clock;
/** @type {FakeServer} */
let server;
/** @type {QuestionsPage} */
let page;

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeServer(clock);
  page = new QuestionsPage(server, clock);
  page.stand("questions", [question(1, { votes: 3 }), question(2, { votes: 5 }), question(3)]);
});

const votes = () => server.packets.filter(({ name }) => name === "vote_question").map(({ packet }) => packet);

/** @param {any} ack */
const answerNext = (ack) => {
  server.refusals.vote_question = [...(server.refusals.vote_question ?? []), ack];
};

test("questions are sorted by votes, or newest first", () => {
  assert.deepEqual(page.order, [2, 1, 3]);
  page.questions.sortBy("newest");
  assert.deepEqual(page.order, [3, 2, 1]);
});

test("the question being answered comes first, and answered ones come last", () => {
  server.broadcast("questions_changed", [
    question(3, { state: "answering" }),
    question(2, { state: "answered", votes: 5 }),
  ]);
  assert.deepEqual(page.order, [3, 1, 2]);
  assert.equal(page.questions.store.answering?.id, 3);
});

test("a hidden question leaves the page", () => {
  server.broadcast("questions_changed", [question(2, { state: "hidden", body: "" })]);
  assert.deepEqual(page.order, [1, 3]);
});

test("new questions of others are counted, own ones are not", () => {
  page.questions.store.addAsked(5);
  server.broadcast("questions_changed", [question(4), question(5), question(1, { votes: 9 })]);
  assert.equal(page.unread, 1);
});

test("a question that the viewer has asked comes into sight once, when it is on the page", () => {
  page.questions.welcome(4);
  assert.deepEqual(page.revealed, []);
  server.broadcast("questions_changed", [question(4)]);
  server.broadcast("questions_changed", [question(1, { votes: 9 })]);
  assert.deepEqual(page.revealed, [4]);
  assert.equal(page.row(4)?.own, true);
  page.questions.welcome(2);
  assert.deepEqual(page.revealed, [4, 2]);
});

test("a vote is shown at once and stays as the server counts it", async () => {
  answerNext({ ok: true, votes: 7 });
  page.questions.vote(1);
  assert.deepEqual([page.row(1)?.votes, page.row(1)?.voted], [4, true]);
  await settle();
  assert.deepEqual([page.row(1)?.votes, page.row(1)?.voted], [7, true]);
  assert.deepEqual(votes(), [{ id: 1, vote: true }]);
});

test("a second tap takes the vote back", async () => {
  page.stand("voted", [1]);
  answerNext({ ok: true, votes: 2 });
  page.questions.vote(1);
  assert.deepEqual([page.row(1)?.votes, page.row(1)?.voted], [2, false]);
  await settle();
  assert.deepEqual(votes(), [{ id: 1, vote: false }]);
  assert.deepEqual([page.row(1)?.votes, page.row(1)?.voted], [2, false]);
});

test("the last of several taps counts", async () => {
  for (const ack of [4, 3, 4]) answerNext({ ok: true, votes: ack });
  for (let tap = 0; tap < 3; tap += 1) page.questions.vote(1);
  await settle();
  assert.equal(votes().at(-1)?.vote, true);
  assert.equal(page.row(1)?.voted, true);
});

test("a refused vote is taken off the page, with the reason", async () => {
  answerNext({ ok: false, error: { code: "slow_down", message: "Too fast.", retry_after: 5 } });
  page.questions.vote(1);
  await settle();
  assert.deepEqual([page.row(1)?.votes, page.row(1)?.voted], [3, false]);
  assert.deepEqual(page.refusals, ["Too fast."]);
});

test("a vote that got no answer is sent again", async () => {
  server.losesAnswers = true;
  page.questions.vote(1);
  await settle();
  server.losesAnswers = false;
  answerNext({ ok: true, votes: 4 });
  await clock.advance(12_000 + 1_500);
  assert.deepEqual(votes().length, 2);
  assert.equal(page.row(1)?.voted, true);
});

test("a vote waits for the connection", async () => {
  server.sockets[0].emit("disconnect", "transport close");
  page.questions.vote(1);
  await settle();
  assert.deepEqual(votes(), []);
  answerNext({ ok: true, votes: 4 });
  server.sockets[0].emit("connect");
  await settle();
  assert.deepEqual(votes(), [{ id: 1, vote: true }]);
});

test("while the database is away a vote is kept and sent again", async () => {
  answerNext({ ok: false, error: { code: "unavailable", message: "Later.", retry_after: 2 } });
  page.questions.vote(1);
  await settle();
  assert.equal(page.row(1)?.voted, true);
  answerNext({ ok: true, votes: 4 });
  await clock.advance(2_000);
  assert.equal(votes().length, 2);
});

test("nothing moves under a finger, and everything has its place a moment later", async () => {
  page.questions.touch();
  server.broadcast("votes_changed", { 3: 9 });
  assert.equal(page.settled, false);
  assert.equal(page.row(3)?.votes, 9);
  await clock.advance(3_000);
  assert.equal(page.settled, true);
  assert.deepEqual(page.order, [3, 2, 1]);
});

test("the list settles when the pointer leaves it", () => {
  page.questions.touch();
  page.questions.leave();
  assert.equal(page.settled, true);
});

test("what stands replaces what the page had", () => {
  page.stand("voted", [7]);
  page.stand("asked", [8]);
  page.stand("questions", [question(7, { votes: 1 }), question(8)]);
  assert.deepEqual(page.order, [7, 8]);
  assert.deepEqual([page.row(7)?.voted, page.row(8)?.own], [true, true]);
});

test("a vote for a question that was merged counts for the other one", () => {
  page.stand("voted", [1]);
  server.broadcast("questions_changed", [
    question(1, { state: "hidden", merged_into: 2 }),
    question(2, { votes: 6 }),
  ]);
  assert.deepEqual([page.row(2)?.voted, page.row(2)?.votes], [true, 6]);
});

test("the store keeps no question that it was not told", () => {
  const store = new QuestionStore();
  store.count({ 5: 9 });
  assert.deepEqual(store.list("votes"), []);
});

test("a question has an outbox of its own, and keeps that it is anonymous", async () => {
  const storage = new MemoryStore();
  /** @type {[Post, Refusal][]} */
  const refused = [];
  /** @type {string[]} */
  const shown = [];
  const parts = () => ({
    session: page.session,
    pace: new Pace(clock),
    log: page.questions.store,
    view: {
      showPending: (/** @type {Post} */ { body }) => shown.push(body),
      removePending() {},
      showHeld() {},
      giveBack: (/** @type {Post} */ post, /** @type {Refusal} */ error) => refused.push([post, error]) > 0,
      showRefused() {},
    },
    storage,
    owner: "e:7",
    clock,
    random: () => 0,
    box: "questions",
    request: "ask_question",
  });
  server.losesAnswers = true;
  new Outbox(parts()).put("n", "Why?", { anonymous: true });
  await settle();
  assert.deepEqual(server.packets.at(-1)?.packet, { nonce: "n", body: "Why?", anonymous: true });
  // After a reload it is still there; the chat's outbox does not take it.
  new Outbox({ ...parts(), box: "outbox", request: "post_message" });
  assert.deepEqual(shown, ["Why?"]);
  const again = new Outbox(parts());
  assert.deepEqual(shown, ["Why?", "Why?"]);
  server.losesAnswers = false;
  server.refusals.ask_question = [{ ok: true, id: 4 }];
  again.askAgain();
  await settle();
  assert.equal(storage.length, 0);
  assert.deepEqual(refused, []);
});
