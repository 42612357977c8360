// Messages and ids for tests.

/** @param {number[]} ids */
export const messages = (...ids) =>
  ids.map((id) => ({
    id,
    author_id: 8,
    author: "Grace",
    department: "",
    body: `${id}`,
    posted_at: "2026-12-01",
  }));

/**
 * @param {number} first
 * @param {number} last
 */
export const range = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
