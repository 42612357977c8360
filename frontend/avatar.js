// The mark of a person: initials and one of a few colours. webapp/infra/avatars.py has the same rules.

const COLORS = 8;

/** @param {string} name */
export function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  const ends = words.length < 2 ? words : [words[0], words[words.length - 1]];
  return ends
    .map((word) => word.match(/^\P{M}\p{M}*/u)?.[0] ?? "")
    .join("")
    .toUpperCase();
}

/** @param {string} name */
export function avatarColor(name) {
  let sum = 0;
  for (const character of name) sum += character.codePointAt(0) ?? 0;
  return sum % COLORS;
}
