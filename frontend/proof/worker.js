// Tries the numbers of a challenge. scrypt comes in JavaScript, since the browser's own cryptography
// is missing on plain http, as in many intranets, and has no function that needs memory.

import { scrypt } from "@noble/hashes/scrypt.js";
import { handler } from "altcha-lib/workers/shared";

handler({
  deriveKey: async ({ cost, memoryCost, parallelism, keyLength }, salt, password) => ({
    derivedKey: scrypt(password, salt, {
      N: cost,
      r: memoryCost ?? 8,
      p: parallelism ?? 1,
      dkLen: keyLength ?? 32,
    }),
  }),
});
