// The connection of the live page: connects, reconnects, and leaves when the viewer may not stay.
//
// Other modules register for packets (`on`), for each new connection (`onConnect`), and ask the server
// (`request`). They need to know nothing of transports, timeouts and retries.

/**
 * @import { Ack, Clock, Connect, LiveSocket, Random, Refusal, SessionView } from "./types.js"
 */

/** A busy server answers within this time, or not at all. */
export const ANSWER_MS = 12_000;
export const RETRY_MS = 1_500;

const OPTIONS = {
  transports: ["websocket", "polling"],
  tryAllTransports: true,
  // Spread out: the viewers of a node that died must not all arrive at once.
  reconnectionDelay: 500,
  reconnectionDelayMax: 5_000,
  randomizationFactor: 0.8,
  // For one attempt: a frozen node accepts the connection and never answers.
  timeout: 8_000,
};
/** Silent attempts before the other transport goes first, once a WebSocket has worked. */
const PATIENCE = 3;

export class Session {
  /** True from a disconnect until somebody resets it, having caught up. */
  lost = false;
  #socket;
  #view;
  #clock;
  #random;
  #silences = 0;
  #patience = 1;
  /** @type {(() => void)[]} */
  #connected = [];

  /**
   * @param {object} parts
   * @param {Connect} parts.connect
   * @param {string} parts.event the event's slug
   * @param {SessionView} parts.view
   * @param {Clock} parts.clock
   * @param {Random} parts.random
   */
  constructor({ connect, event, view, clock, random }) {
    this.#view = view;
    this.#clock = clock;
    this.#random = random;
    const options = { ...OPTIONS, transports: [...OPTIONS.transports], auth: { event } };
    this.#socket = connect("/live", options);
    this.#socket.on("connect", () => this.#onConnect());
    this.#socket.on("disconnect", (reason) => this.#onDisconnect(reason));
    this.#socket.on("connect_error", (error) => this.#onConnectError(error));
  }

  get connected() {
    return this.#socket.connected;
  }

  /**
   * Call `handler` with the payload of every packet of that name.
   *
   * @param {string} name
   * @param {Parameters<LiveSocket["on"]>[1]} handler
   */
  on(name, handler) {
    this.#socket.on(name, handler);
  }

  /**
   * Call `handler` after each connect, the first one included.
   *
   * @param {() => void} handler
   */
  onConnect(handler) {
    this.#connected.push(handler);
  }

  /** Connect anew at once, whether the connection is lost, about to be made again, or silently dead. */
  reconnect() {
    this.#socket.disconnect();
    this.#socket.connect();
  }

  /**
   * Send a packet and return its acknowledgement; undefined when none came in time. A viewer who is
   * not checked in any more leaves.
   *
   * @param {string} name
   * @param {object} packet
   * @param {number} [patience] in milliseconds
   * @returns {Promise<Ack | undefined>}
   */
  async request(name, packet, patience = ANSWER_MS) {
    let ack;
    try {
      ack = await this.#socket.timeout(patience).emitWithAck(name, packet);
    } catch {
      return undefined;
    }
    if (!ack.ok && ack.error.code === "not_checked_in") this.#view.leave();
    return ack;
  }

  /**
   * Send a packet that has no acknowledgement; without a connection it is dropped.
   *
   * @param {string} name
   * @param {object} packet
   */
  send(name, packet) {
    this.#socket.volatile.emit(name, packet);
  }

  #onConnect() {
    delete this.#socket.io.opts.query;
    this.#silences = 0;
    if (this.#socket.io.engine.transport.name === "websocket") this.#patience = PATIENCE;
    this.#view.showConnected();
    for (const handler of this.#connected) handler();
  }

  /** @param {string} reason */
  #onDisconnect(reason) {
    if (reason === "io server disconnect") return this.#view.leave();
    if (reason === "ping timeout") this.#avoidThisNode();
    this.#reconnecting();
  }

  /** @param {Error & { data?: { code?: string } }} error */
  #onConnectError(error) {
    this.#reconnecting();
    const code = error.data?.code;
    if (error.message === "timeout") this.#onSilence();
    else if (!code) this.#avoidThisNode();
    if (code === "not_checked_in" || code === "event_not_open") this.#view.leave();
    // A refusal by the server ends the client's own attempts; a node may only be short of something.
    else if (code) this.#clock.setTimeout(() => this.#socket.connect(), RETRY_MS * (1 + this.#random() * 2));
  }

  #reconnecting() {
    this.lost = true;
    this.#view.showReconnecting();
  }

  /**
   * Have nginx choose a node at random. By load it would choose a hung node again: that one accepts
   * connections and loses them, so it always has the fewest. Long polling goes where the number says.
   */
  #avoidThisNode() {
    this.#socket.io.opts.query = { again: 1 + Math.floor(this.#random() * 1000) };
  }

  /**
   * Where a WebSocket gets no answer at all, polling goes first the next time, and so in turn. Where one
   * has worked, the node is more likely to blame: it is tried a few times more.
   */
  #onSilence() {
    this.#avoidThisNode();
    this.#silences += 1;
    const { transports } = this.#socket.io.opts;
    if (transports?.[0] === "polling" || this.#silences % this.#patience === 0) transports?.reverse();
  }
}

/**
 * Return the milliseconds after which to ask again: what the server says, and up to a quarter more, so
 * that thousands of pages do not ask together.
 *
 * @param {Refusal} error
 * @param {Random} random
 */
export function retryDelay(error, random) {
  return (error.retry_after || 2) * 1000 * (1 + random() / 4);
}
