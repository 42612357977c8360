import assert from "node:assert/strict";
import { test } from "node:test";
import { countCharacters, describeRoom } from "../../frontend/live/body.js";
import { Draft } from "../../frontend/live/draft.js";
import { MemoryStore } from "../../stack/chaos/memory_store.js";

test("characters are counted as the server counts them", () => {
  assert.equal(countCharacters("Grüße"), 5);
  assert.equal(countCharacters("👍".repeat(500)), 500);
  // Four people and three joiners: seven code points.
  assert.equal(countCharacters("👨‍👩‍👧‍👦"), 7);
  assert.equal(countCharacters("  two words \n"), 9);
  assert.equal(countCharacters(""), 0);
});

test("the room that is left is told near the limit, and what is too much", () => {
  assert.equal(describeRoom("a".repeat(399), 500), "");
  assert.equal(describeRoom("a".repeat(400), 500), "100 characters left");
  assert.equal(describeRoom("a".repeat(499), 500), "1 character left");
  assert.equal(describeRoom("a".repeat(501), 500), "1 character too many");
  assert.equal(describeRoom("👍".repeat(500), 500), "0 characters left");
  assert.equal(describeRoom("a".repeat(10_000), 500), "9,500 characters too many");
});

test("a draft survives a reload and goes when it is sent", () => {
  const storage = new MemoryStore();
  new Draft(storage, "all-hands:7").save("half a sent");
  const draft = new Draft(storage, "all-hands:7");
  assert.equal(draft.text, "half a sent");
  draft.save("");
  assert.equal(storage.length, 0);
});

test("a draft is its writer's: another viewer or event does not see it", () => {
  const storage = new MemoryStore();
  new Draft(storage, "all-hands:7").save("half a sent");
  assert.equal(new Draft(storage, "all-hands:8").text, "");
  assert.equal(new Draft(storage, "summer:7").text, "");
});

test("without storage the draft is lost with the page, and nothing else", () => {
  const forbidden = () => {
    throw new Error("The operation is insecure.");
  };
  const draft = new Draft({ getItem: forbidden, setItem: forbidden, removeItem: forbidden }, "all-hands:7");
  draft.save("half a sent");
  draft.save("");
  assert.equal(draft.text, "");
});
