// The live page: joins its parts and gives them the browser's socket, storage, clock and random numbers.

import { io } from "socket.io-client";
import { Chat } from "./chat.js";
import { systemClock as clock } from "./clock.js";
import { Composer } from "./composer.js";
import { find } from "./dom.js";
import { EventState } from "./event.js";
import { MessageLog } from "./message_log.js";
import { Outbox } from "./outbox.js";
import { Pace } from "./pace.js";
import { Session } from "./session.js";
import { LiveView } from "./view.js";

/** @import { Connect, KeyValueStore } from "./types.js" */

const COUNTDOWN_MS = 500;

const { event = "", viewer = "", author = "", stream = "", slowMode, ...data } = find("chat").dataset;
const exempt = "exempt" in data;
const random = Math.random;
const connect = /** @type {Connect} */ (/** @type {unknown} */ (io));

const composer = new Composer();
const view = new LiveView(composer);
const session = new Session({ connect, event, view, clock, random });
const log = new MessageLog(clock, view.ids);
const pace = new Pace(clock, { exempt, onChange: showPace });
const outbox = new Outbox({
  session,
  log,
  pace,
  view,
  storage: openStorage(),
  owner: `${event}:${viewer}`,
  clock,
  random,
});
const chat = new Chat({ session, log, outbox, view, author, clock, random });
new EventState({ session, chat, pace, outbox, view, streamUrl: stream, exempt, clock, random });

pace.setSlowMode(Number(slowMode));
composer.onSubmit((body) => {
  // In slow mode one message may wait; what is written next stays a draft.
  if (pace.slowFor && outbox.isWaiting) return false;
  outbox.put(makeNonce(), body);
  return true;
});
setInterval(showPace, COUNTDOWN_MS);
view.scrollToEnd();

function showPace() {
  composer.showPace(pace.describe(outbox.isWaiting));
}

/** @returns {KeyValueStore} */
function openStorage() {
  try {
    return localStorage;
  } catch {
    // Forbidden by the browser's settings: nothing outlives the page.
    return { length: 0, key: () => null, getItem: () => null, setItem: () => {}, removeItem: () => {} };
  }
}

function makeNonce() {
  // Browsers offer randomUUID on https and localhost only.
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
