import assert from "node:assert/strict";
import { test } from "node:test";
import { addMention, splitMentions } from "../../frontend/live/mentions.js";

/** @param {string} text @param {string} [name] */
const marked = (text, name = "Ada Lovelace") =>
  splitMentions(text, name)
    .map((part) => (part.isMention ? `[${part.text}]` : part.text))
    .join("");

test("the name after an @ is a mention, whatever its case", () => {
  assert.equal(marked("@Ada Lovelace, look: @ada lovelace"), "[@Ada Lovelace], look: [@ada lovelace]");
});

test("a longer word is not a mention", () => {
  assert.equal(marked("ada@Ada Lovelace @Ada Lovelaces"), "ada@Ada Lovelace @Ada Lovelaces");
  assert.equal(marked("@Ada"), "@Ada");
});

test("nobody is mentioned without a name, and Turkish capitals do no harm", () => {
  assert.equal(marked("@ hello", ""), "@ hello");
  assert.equal(marked("İ @Ada Lovelace"), "İ @Ada Lovelace");
});

test("a reply begins with the name, once", () => {
  assert.equal(addMention("", "Ada"), "@Ada ");
  assert.equal(addMention("I agree", "Ada"), "I agree @Ada ");
  assert.equal(addMention("@Ada yes", "Ada"), "@Ada yes");
});
