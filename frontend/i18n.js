// Texts, numbers and dates in the language of the page. English texts are the keys; a page in another
// language loads `static/build/NAME.LANGUAGE.js` before its script, which frontend/catalogues.js writes.

/**
 * @typedef {object} Catalogue
 * @property {string} language of the page, such as `de` or `pt-BR`
 * @property {Record<string, string[]>} texts the forms of each text
 * @property {(count: number) => number} form the index of the form for a count
 */

/** The tag of the language that dates and numbers are written in. */
export const locale = catalogue()?.language ?? "en-GB";
const numbers = new Intl.NumberFormat(locale);

/** @returns {Catalogue | undefined} */
function catalogue() {
  return /** @type {{ catalogue?: Catalogue }} */ (globalThis).catalogue;
}

/**
 * Return `text` in the language of the page, with `values` in place of `{name}`.
 *
 * @param {string} text one literal: that is how the catalogue finds it
 * @param {Record<string, string | number>} [values] numbers get the separators of the language
 */
export function t(text, values) {
  return fill(catalogue()?.texts[text]?.[0] ?? text, values);
}

/**
 * Return the text for `count`, which is also the value of `{count}`.
 *
 * @param {string} one
 * @param {string} many
 * @param {number} count
 * @param {Record<string, string | number>} [values]
 */
export function tn(one, many, count, values) {
  const found = catalogue();
  const text = found?.texts[one]?.[found.form(count)] ?? (count === 1 ? one : many);
  return fill(text, { count, ...values });
}

/** @param {number} number */
export const formatNumber = (number) => numbers.format(number);

/**
 * @param {string} text
 * @param {Record<string, string | number>} [values]
 */
function fill(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (placeholder, name) => {
    const value = values[name] ?? placeholder;
    return typeof value === "number" ? formatNumber(value) : value;
  });
}
