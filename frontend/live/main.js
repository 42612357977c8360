// The live page: joins its parts, and gives them the browser's socket, storage, clock and random numbers.

import { io } from "socket.io-client";
import { closeMenus } from "../parts.js";
import { startPolls, startReactions } from "../polls/main.js";
import { startQuestions } from "../questions/main.js";
import { watchToasts } from "../toasts.js";
import { Announcer } from "./announcer.js";
import { Chat } from "./chat.js";
import { systemClock as clock } from "./clock.js";
import { Draft } from "./draft.js";
import { EventState } from "./event.js";
import { History } from "./history.js";
import { MessageLog } from "./message_log.js";
import { Outbox } from "./outbox.js";
import { Pace } from "./pace.js";
import { Session } from "./session.js";
import { connectAnnouncer, offerSwitch } from "./view/announcing.js";
import { fetchEarlier, makeNonce, openStorage } from "./view/browser.js";
import { Composer } from "./view/composer.js";
import { find } from "./view/dom.js";
import { makeRoomForKeyboard, noteWriting } from "./view/keyboard.js";
import { MessageList } from "./view/message_list.js";
import { Page } from "./view/page.js";
import { Panel } from "./view/panel.js";
import { PendingList } from "./view/pending_list.js";
import { choicesOf } from "./view/refused.js";
import { offerReplies } from "./view/replies.js";
import { Scroller } from "./view/scroller.js";
import { Stage } from "./view/stage.js";
import { onWake } from "./view/wake.js";

/**
 * @import { Connect } from "./types.js"
 * @import { LivePage } from "./view/live_page.js"
 */

const COUNTDOWN_MS = 500;

const { event = "", viewer = "", stream = "", checkIn = "/", build = "" } = find("live").dataset;
const { author = "", department = "", ...data } = find("chat").dataset;
const owner = `${event}:${viewer}`;
const exempt = "exempt" in data;
const connect = /** @type {Connect} */ (/** @type {unknown} */ (io));
const shared = { clock, random: Math.random };

const composer = new Composer(new Draft(openStorage("sessionStorage"), owner));
const page = new Page(composer, checkIn);
const scroller = new Scroller();
const panel = new Panel();
const storage = openStorage("localStorage");
const announcer = new Announcer({ clock, storage, viewer: Number(viewer), say: connectAnnouncer() });
const messages = new MessageList({
  viewer,
  scroller,
  notify: (text) => page.notify(text),
  announcer,
  onNew: (count) => panel.markUnread("chat", count),
});
const choices = choicesOf(() => outbox);
const pending = new PendingList({ author: { author, department }, scroller, composer, choices });

const session = new Session({ ...shared, connect, event, view: page });
const log = new MessageLog(clock, messages.ids);
const pace = new Pace(clock, { exempt, onChange: showPace });
const outbox = new Outbox({ ...shared, session, log, pace, view: pending, storage, owner });
const chat = new Chat({ ...shared, session, log, outbox, view: messages, viewer: Number(viewer) });
new EventState({ ...shared, session, chat, pace, outbox, view: page, stream, exempt });

pace.setSlowMode(Number(data.slowMode));
if (data.mutedUntil) pace.muteUntil(data.mutedUntil, data.muteReason);
setInterval(showPace, COUNTDOWN_MS);
onWake(() => chat.refresh());
messages.onScrollBack(
  new History({ log, fetchEarlier: fetchEarlier(messages.earlierAddress), view: messages }),
);
composer.onSubmit((body) => {
  // In slow mode one message may wait; what is written next stays a draft.
  if (pace.slowFor && outbox.isWaiting) return false;
  outbox.put(makeNonce(), body);
  return true;
});
offerSwitch(announcer);
offerReplies((name) => composer.mention(name));
scroller.scrollToEnd();
new Stage(panel, storage);
makeRoomForKeyboard();
noteWriting();
chat.onState("build", (current) => page.showUpdate(Boolean(current && build) && current !== build));
watchToasts();
closeMenus();
startParts({ ...shared, session, chat, panel, page, event, viewer: Number(viewer) });

/**
 * Start the parts beside the chat: each has a function here that does nothing where the page lacks it.
 *
 * @param {LivePage} live
 */
function startParts(live) {
  startPolls(live);
  startReactions(live);
  startQuestions(live);
}

function showPace() {
  composer.showPace(pace.describe(outbox.isWaiting));
}
