// Addresses in a text. The server finds them by the same rule (webapp/infra/links.py); tests/links.json
// holds both to it.

/**
 * No letter or digit before it (Safari 15 has no lookbehind for that); no white space, quotes, angle
 * brackets or CJK punctuation in it.
 */
const ADDRESS = /(^|[^\p{L}\p{N}])(https?:\/\/[^\s\ufeff<>"“”«»。、，！？：；「」『』（）《》]+)/giu;
/** A host must follow. A name before it would show one host and lead to another. */
const VALID = /^https?:\/\/[\p{L}\p{N}[][^@]*$/iu;
const BRACKETS = [
  ["(", ")"],
  ["[", "]"],
  ["{", "}"],
];

/**
 * Split a text into parts; those that are addresses are links.
 *
 * @param {string} text
 * @returns {{ text: string, isLink: boolean }[]}
 */
export function splitLinks(text) {
  const parts = [];
  let end = 0;
  for (const { index, 1: before, 2: found } of text.matchAll(ADDRESS)) {
    const address = trimEnd(found);
    if (!VALID.test(address)) continue;
    const begin = index + before.length;
    parts.push({ text: text.slice(end, begin), isLink: false }, { text: address, isLink: true });
    end = begin + address.length;
  }
  parts.push({ text: text.slice(end), isLink: false });
  return parts.filter((part) => part.text);
}

/**
 * Return an address without the punctuation of the sentence around it.
 *
 * @param {string} address
 * @returns {string}
 */
function trimEnd(address) {
  const trimmed = address.replace(/[.,;:!?'’…]+$/u, "");
  const unopened = BRACKETS.some(
    ([opening, closing]) => trimmed.endsWith(closing) && count(trimmed, closing) > count(trimmed, opening),
  );
  return unopened ? trimEnd(trimmed.slice(0, -1)) : trimmed;
}

/**
 * @param {string} text
 * @param {string} character
 */
function count(text, character) {
  return text.split(character).length - 1;
}
