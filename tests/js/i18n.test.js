// Texts of the page in its language: the catalogue that it loaded, else English.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { formatNumber, t, tn } from "../../frontend/i18n.js";

const global = /** @type {{ catalogue?: unknown }} */ (globalThis);

/** @param {Record<string, string[]>} texts */
function useCatalogue(texts) {
  global.catalogue = { language: "de", texts, form: (/** @type {number} */ n) => Number(n !== 1) };
}

afterEach(() => {
  delete global.catalogue;
});

test("a page without a catalogue is in English", () => {
  assert.equal(t("Send"), "Send");
  assert.equal(tn("{count} minute", "{count} minutes", 1), "1 minute");
  assert.equal(tn("{count} minute", "{count} minutes", 2), "2 minutes");
});

test("a text comes from the catalogue, and from English where it is missing", () => {
  useCatalogue({ Send: ["Senden"] });
  assert.equal(t("Send"), "Senden");
  assert.equal(t("Cancel"), "Cancel");
});

test("the count chooses the form", () => {
  useCatalogue({ "{count} minute": ["{count} Minute", "{count} Minuten"] });
  assert.equal(tn("{count} minute", "{count} minutes", 1), "1 Minute");
  assert.equal(tn("{count} minute", "{count} minutes", 0), "0 Minuten");
});

test("values replace their placeholders, numbers with separators", () => {
  assert.equal(t("{name} has {count}", { name: "Ada", count: 50_000 }), "Ada has 50,000");
  assert.equal(formatNumber(1_234_567), "1,234,567");
  // A value is text and no pattern of its own.
  assert.equal(t("{a} {b}", { a: "{b}", b: "$&" }), "{b} $&");
  assert.equal(t("{unknown}"), "{unknown}");
});
