import assert from "node:assert/strict";
import { test } from "node:test";
import { placeAfter } from "../../frontend/live/groups.js";

const NOON = new Date(2026, 10, 28, 12).getTime();
const MINUTE = 60_000;

/** @param {number} minutes @param {string} [author] */
const at = (minutes, author = "7") => ({ author, at: NOON + minutes * MINUTE });

test("messages of one author within five minutes stand together", () => {
  assert.deepEqual(placeAfter(at(4), at(0), NOON), { follows: true, newDay: false });
  assert.equal(placeAfter(at(5), at(0), NOON).follows, false);
  assert.equal(placeAfter(at(1, "8"), at(0), NOON).follows, false);
});

test("a day begins anew, also for one author around midnight", () => {
  assert.deepEqual(placeAfter(at(12 * 60 + 1), at(12 * 60 - 1), NOON), { follows: false, newDay: true });
});

test("the first message says its day unless that is today", () => {
  assert.equal(placeAfter(at(0), null, NOON).newDay, false);
  assert.equal(placeAfter(at(0), null, NOON + 24 * 60 * MINUTE).newDay, true);
});
