// The live page: joins its parts and gives them the browser's socket, storage, clock and random numbers.

import { io } from "socket.io-client";
import { Chat } from "./chat.js";
import { systemClock as clock } from "./clock.js";
import { Composer } from "./composer.js";
import { find } from "./dom.js";
import { Draft } from "./draft.js";
import { EventState } from "./event.js";
import { History } from "./history.js";
import { MessageLog } from "./message_log.js";
import { Outbox } from "./outbox.js";
import { Pace } from "./pace.js";
import { Session } from "./session.js";
import { LiveView } from "./view.js";
import { onWake } from "./wake.js";

/** @import { Connect, FetchEarlier, KeyValueStore } from "./types.js" */

const COUNTDOWN_MS = 500;

const { event = "", viewer = "", stream = "", slowMode, mutedUntil, ...data } = find("chat").dataset;
const exempt = "exempt" in data;
const random = Math.random;
const connect = /** @type {Connect} */ (/** @type {unknown} */ (io));

const owner = `${event}:${viewer}`;
const composer = new Composer(new Draft(openStorage("sessionStorage"), owner));
const view = new LiveView(composer);
const session = new Session({ connect, event, view, clock, random });
const log = new MessageLog(clock, view.ids);
const pace = new Pace(clock, { exempt, onChange: showPace });
const outbox = new Outbox({
  session,
  log,
  pace,
  view,
  storage: openStorage("localStorage"),
  owner,
  clock,
  random,
});
const chat = new Chat({ session, log, outbox, view, viewer: Number(viewer), clock, random });
new EventState({ session, chat, pace, outbox, view, streamUrl: stream, exempt, clock, random });

view.onScrollBack(new History({ log, fetchEarlier, view }));
pace.setSlowMode(Number(slowMode));
if (mutedUntil) pace.muteUntil(mutedUntil);
composer.onSubmit((body) => {
  // In slow mode one message may wait; what is written next stays a draft.
  if (pace.slowFor && outbox.isWaiting) return false;
  outbox.put(makeNonce(), body);
  return true;
});
setInterval(showPace, COUNTDOWN_MS);
onWake(() => chat.refresh());
view.scrollToEnd();

function showPace() {
  composer.showPace(pace.describe(outbox.isWaiting));
}

/** @type {FetchEarlier} */
async function fetchEarlier(before) {
  const address = new URL(view.earlierAddress);
  address.searchParams.set("before", String(before));
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  return answer.json();
}

/**
 * @param {"localStorage" | "sessionStorage"} name
 * @returns {KeyValueStore}
 */
function openStorage(name) {
  try {
    return window[name];
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
