import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { splitLinks } from "../../frontend/live/links.js";

/** @type {{ text: string, parts: [string, string?][] }[]} */
const CASES = JSON.parse(readFileSync(new URL("../links.json", import.meta.url), "utf8"));

for (const { text, parts } of CASES) {
  test(`addresses in ${JSON.stringify(text)} are found as on the server`, () => {
    const expected = parts.map(([part, link]) => ({ text: part, isLink: link === "link" }));
    assert.deepEqual(splitLinks(text), expected);
  });
}
