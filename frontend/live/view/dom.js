// Elements that the templates promise; a missing one is a defect and says so.

/** @param {string} id */
export function find(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no #${id}.`);
  return element;
}

/**
 * @param {ParentNode} element
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function findIn(element, selector) {
  const found = element.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`The template has no ${selector}.`);
  return found;
}
