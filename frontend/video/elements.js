// The elements of the player that the template promises.

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {string} id
 * @param {Name} name of the tag
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function part(id, name) {
  const element = document.querySelector(`${name}#${id}`);
  if (!element) throw new Error(`The player has no ${name}#${id}.`);
  return /** @type {HTMLElementTagNameMap[Name]} */ (element);
}
