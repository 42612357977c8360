// Phrases that several parts of the page use.

import { tn } from "../../i18n.js";

/** @param {number} count */
export const newMessages = (count) => tn("{count} new message", "{count} new messages", count);
