// Mentions: `@Name` in a message is for the person of that name.

/**
 * Split a text around the mentions of a person.
 *
 * @param {string} text
 * @param {string} name
 * @returns {{ text: string, isMention: boolean }[]}
 */
export function splitMentions(text, name) {
  const wanted = `@${name}`.toLocaleLowerCase();
  const lower = text.toLocaleLowerCase();
  /** @type {{ text: string, isMention: boolean }[]} */
  const parts = [];
  let end = 0;
  // Lower case may have another length, as in Turkish: then places would not fit.
  if (name && lower.length === text.length) {
    for (let begin = find(lower, wanted, 0); begin >= 0; begin = find(lower, wanted, end)) {
      parts.push({ text: text.slice(end, begin), isMention: false });
      end = begin + wanted.length;
      parts.push({ text: text.slice(begin, end), isMention: true });
    }
  }
  parts.push({ text: text.slice(end), isMention: false });
  return parts.filter((part) => part.text);
}

/**
 * Return a draft that also addresses a person.
 *
 * @param {string} draft
 * @param {string} name
 */
export function addMention(draft, name) {
  const mention = `@${name} `;
  if (draft.includes(mention.trim())) return draft;
  return draft ? `${draft.trimEnd()} ${mention}` : mention;
}

/**
 * Return where a mention begins: no letter or digit may touch it. -1 for nowhere.
 *
 * @param {string} text
 * @param {string} wanted
 * @param {number} from
 */
function find(text, wanted, from) {
  for (let place = text.indexOf(wanted, from); place >= 0; place = text.indexOf(wanted, place + 1)) {
    const around = text.slice(Math.max(0, place - 1), place) + text.charAt(place + wanted.length);
    if (!/[\p{L}\p{N}]/u.test(around)) return place;
  }
  return -1;
}
