// Phrases that several parts of the page use.

/** @param {number} count */
export const newMessages = (count) => (count === 1 ? "1 new message" : `${count} new messages`);
