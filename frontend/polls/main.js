// Joins polls and reactions with the live page.

import { PollState } from "./poll.js";
import { Reactions } from "./reactions.js";
import { PollPanel } from "./view/poll_panel.js";
import { ReactionBar } from "./view/reaction_bar.js";

/** @import { LivePage } from "../live/view/live_page.js" */

/** @param {LivePage} live */
export function startPolls(live) {
  const root = document.getElementById("poll");
  if (!root) return;
  const view = new PollPanel(root, () => live.panel.markUnread("poll"));
  const state = new PollState({ ...live, view, ...view.initial });
  const { poll, answered } = view.initial;
  if (poll?.state === "open" && !answered) live.panel.markUnread("poll");
  view.onAnswer((options) => state.answer(options));
}

/** @param {LivePage} live */
export function startReactions(live) {
  const form = document.getElementById("reactions");
  if (!form) return;
  const bar = new ReactionBar(form);
  const reactions = new Reactions({ ...live, view: bar });
  bar.onReact((kind) => reactions.react(kind));
}
