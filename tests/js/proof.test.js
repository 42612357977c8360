import assert from "node:assert/strict";
import { test } from "node:test";
import { createChallenge, verifySolution } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/scrypt";

/** @typedef {import("altcha-lib/types").Solution} Solution */

const SECRET = "a key for this test";

test("the worker finds the number that another implementation of scrypt made", async () => {
  const challenge = await createChallenge({
    algorithm: "SCRYPT",
    cost: 1024,
    memoryCost: 8,
    parallelism: 1,
    counter: 7,
    deriveKey,
    hmacSignatureSecret: SECRET,
  });
  /** @type {any} */
  const scope = {};
  Object.assign(globalThis, { self: scope });
  await import("../../frontend/proof/worker.js");
  const solution = await new Promise((/** @type {(solution: Solution) => void} */ resolve) => {
    scope.postMessage = resolve;
    scope.onmessage({ data: { type: "work", challenge, counterStart: 1, counterStep: 2 } });
  });
  assert.equal(solution.counter, 7);
  const { verified } = await verifySolution({ challenge, solution, deriveKey, hmacSignatureSecret: SECRET });
  assert.ok(verified);
});
