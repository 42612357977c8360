import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "../../frontend/live/history.js";
import { KEPT_READING, MessageLog } from "../../frontend/live/message_log.js";
import { RowList } from "../../stack/chaos/row_list.js";
import { FakeClock } from "./support/fake_clock.js";
import { messages, range } from "./support/messages.js";

/** @import { LogChange } from "../../frontend/live/types.js" */

/** A page with these messages, and a server that has all from 1 on, 50 in a part. */
function openHistory(ids = range(121, 170)) {
  const log = new MessageLog(new FakeClock(), ids);
  const list = new RowList();
  list.rows = ids.map((id) => ({ id, body: `${id}` }));
  const state = { more: true, failures: 0, asked: /** @type {number[]} */ ([]), fails: false };
  const view = {
    showEarlier: (/** @type {LogChange} */ change, /** @type {boolean} */ more) => {
      list.apply(change);
      state.more = more;
    },
    showEarlierFailed: () => {
      state.failures += 1;
    },
  };
  const fetchEarlier = async (/** @type {number} */ before) => {
    state.asked.push(before);
    if (state.fails) throw new Error("The server answered 503.");
    return { messages: messages(...range(Math.max(1, before - 50), before - 1)), more: before > 51 };
  };
  const history = new History({ log, fetchEarlier, view });
  return { history, state, shown: () => list.rows.map(({ id }) => id) };
}

test("earlier messages come in parts, back to the first", async () => {
  const { history, state, shown } = openHistory();
  await history.load();
  assert.deepEqual(shown(), range(71, 170));
  assert.equal(state.more, true);
  await history.load();
  await history.load();
  assert.deepEqual(shown(), range(1, 170));
  assert.equal(state.more, false);
});

test("a part is asked for once, however often the viewer scrolls", async () => {
  const { history, state } = openHistory();
  await Promise.all([history.load(), history.load(), history.load()]);
  assert.deepEqual(state.asked, [121]);
});

test("a part that could not be loaded can be asked for again", async () => {
  const { history, state, shown } = openHistory();
  state.fails = true;
  await history.load();
  assert.equal(state.failures, 1);
  state.fails = false;
  await history.load();
  assert.deepEqual(shown(), range(71, 170));
});

test("a page without messages or without room asks for none", async () => {
  for (const ids of [[], range(1_001, 1_000 + KEPT_READING)]) {
    const { history, state } = openHistory(ids);
    assert.equal(history.canLoad, false);
    await history.load();
    assert.deepEqual(state.asked, []);
  }
});
