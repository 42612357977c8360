import assert from "node:assert/strict";
import { test } from "node:test";
import { KEPT, KEPT_READING, MessageLog } from "../../frontend/live/message_log.js";
import { RowList } from "../../stack/chaos/row_list.js";
import { FakeClock } from "./support/fake_clock.js";
import { messages, range } from "./support/messages.js";

/** A log, and the rows of a view that applies its changes. */
function openLog(ids = /** @type {number[]} */ ([])) {
  const clock = new FakeClock();
  const log = new MessageLog(clock, ids);
  const list = new RowList();
  list.rows = ids.map((id) => ({ id, body: `${id}` }));
  /** @param {number[]} arriving */
  const add = (...arriving) => list.apply(log.add(messages(...arriving)));
  return { clock, log, list, add, shown: () => list.rows.map(({ id }) => id) };
}

test("messages are in the order of their ids, whatever the order of arrival", () => {
  const { add, shown } = openLog([4, 9]);
  add(12, 7);
  add(1);
  add(10);
  assert.deepEqual(shown(), [1, 4, 7, 9, 10, 12]);
});

test("a message that arrives again is shown once", () => {
  const { log, add, shown } = openLog([3]);
  add(3, 5, 5);
  add(5, 6);
  assert.deepEqual(shown(), [3, 5, 6]);
  assert.deepEqual(log.add(messages(3, 5, 6)), { inserted: [], dropped: [] });
});

test("any order with any repeats leads to the same list", () => {
  // A small generator of its own, so that a failure can be repeated.
  let seed = 20261128;
  const below = (/** @type {number} */ limit) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % limit;
  };
  for (let round = 0; round < 200; round += 1) {
    const { add, shown } = openLog();
    const arriving = Array.from({ length: 60 }, () => 1 + below(40));
    while (arriving.length) add(...arriving.splice(0, 1 + below(5)));
    const ids = shown();
    assert.deepEqual(
      ids,
      [...new Set(ids)].sort((one, other) => one - other),
    );
  }
});

test("a removed message goes, and stays away when it arrives again", () => {
  const { log, list, add, shown } = openLog([1, 2]);
  add(3);
  log.remove(2);
  list.remove(2);
  log.remove(8);
  add(2, 8, 4);
  assert.deepEqual(shown(), [1, 3, 4]);
  assert.equal(log.has(2), false);
});

test("the list keeps the latest 200 messages", () => {
  const { log, add, shown } = openLog(range(1, KEPT));
  add(...range(KEPT + 1, KEPT + 30));
  assert.deepEqual(shown(), range(31, KEPT + 30));
  assert.deepEqual(log.add(messages(30)), { inserted: [], dropped: [] }, "an older one is not inserted");
});

test("a page resumes below its first messages, since when they were posted is not known", () => {
  assert.equal(openLog([]).log.resumeFrom, 0);
  assert.equal(openLog(range(1, 50)).log.resumeFrom, 0);
  assert.equal(openLog(range(451, 500)).log.resumeFrom, 400);
});

test("a page resumes from the highest id of half a minute ago", async () => {
  const { clock, log, add } = openLog();
  add(10);
  await clock.advance(20_000);
  add(20);
  assert.equal(log.resumeFrom, 0);
  await clock.advance(11_000);
  add(21);
  assert.equal(log.resumeFrom, 10);
  await clock.advance(3_600_000);
  assert.equal(log.resumeFrom, 10, "time alone settles nothing: a message may have been missed");
  add(22);
  assert.equal(log.resumeFrom, 21);
});

test("a message that becomes visible late, with a lower id, is asked for again", async () => {
  const { clock, log, add } = openLog();
  for (const id of [1, 2, 3, 5, 6]) {
    add(id);
    await clock.advance(5_000);
  }
  assert.ok(log.resumeFrom < 4, `resumes from ${log.resumeFrom}`);
});

test("a page with a full list resumes from its oldest message", () => {
  const { log, add } = openLog();
  add(...range(1, 500));
  assert.equal(log.resumeFrom, 301);
});

test("while somebody reads older messages none of them goes, up to a thousand", () => {
  const { log, list, shown } = openLog(range(1, KEPT));
  list.apply(log.add(messages(...range(KEPT + 1, KEPT_READING)), { reading: true }));
  assert.deepEqual(shown(), range(1, KEPT_READING));
  list.apply(log.add(messages(KEPT_READING + 1), { reading: true }));
  assert.deepEqual(shown(), range(2, KEPT_READING + 1));
  list.apply(log.add(messages(KEPT_READING + 2)));
  assert.deepEqual(shown(), range(KEPT_READING + 3 - KEPT, KEPT_READING + 2), "back at the end");
});

test("earlier messages go before the first, also into a full list", () => {
  const { log, list, shown } = openLog(range(301, 500));
  assert.equal(log.first, 301);
  list.apply(log.addEarlier(messages(...range(250, 301))));
  assert.deepEqual(shown(), range(250, 500));
  assert.equal(log.resumeFrom, 400, "earlier messages are not asked for again");
});

test("a restored message is back in its place, once", () => {
  const { log, list, shown } = openLog([5, 6, 7]);
  log.remove(6);
  list.apply({ inserted: [], dropped: [6] });
  const change = log.restore(messages(6)[0]);
  assert.equal(change.before, false);
  list.apply(change);
  assert.deepEqual(shown(), [5, 6, 7]);
  assert.deepEqual(log.restore(messages(6)[0]).inserted, []);
  list.apply(log.add(messages(8)));
  assert.deepEqual(shown(), [5, 6, 7, 8]);
});

test("the first message is back in its place when it was removed from the page", () => {
  const { log, list, shown } = openLog([5, 6]);
  log.remove(5);
  list.apply({ inserted: [], dropped: [5] });
  list.apply(log.restore(messages(5)[0]));
  assert.deepEqual(shown(), [5, 6]);
});

test("a message that a full list dropped does not come back by itself", () => {
  const { log, list, shown } = openLog(range(1, KEPT));
  log.remove(2);
  list.apply({ inserted: [], dropped: [2] });
  list.apply(log.add(messages(...range(KEPT + 1, KEPT + 5))));
  assert.equal(log.restore(messages(2)[0]).before, true);
  assert.deepEqual(shown(), range(6, KEPT + 5));
});

test("a restored message from before the first one comes with the earlier messages", () => {
  const { log, list, shown } = openLog([5, 6]);
  log.remove(3);
  const change = log.restore(messages(3)[0]);
  assert.deepEqual([change.inserted, change.before], [[], true]);
  list.apply(log.addEarlier(messages(2, 3, 4)));
  assert.deepEqual(shown(), [2, 3, 4, 5, 6]);
});

test("a restored message is shown on an empty page", () => {
  const { log, list, shown } = openLog([5]);
  log.remove(5);
  list.apply({ inserted: [], dropped: [5] });
  list.apply(log.restore(messages(5)[0]));
  assert.deepEqual(shown(), [5]);
});

test("a removed message does not come back with earlier ones", () => {
  const { log, list, shown } = openLog([5, 6]);
  log.remove(3);
  list.apply(log.addEarlier(messages(2, 3, 4)));
  assert.deepEqual(shown(), [2, 4, 5, 6]);
});
