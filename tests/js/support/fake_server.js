// An event's chat in memory, and the sockets of the pages that follow it. It stores a nonce once and
// numbers messages, as the real one does; a test makes it lose answers, refuse, or go away.

/** @import { Ack, Connect, LiveSocket, Message } from "../../../frontend/live/types.js" */
/** @import { FakeClock } from "./fake_clock.js" */

const PAGE_SIZE = 100;

export class FakeServer {
  /** @type {Message[]} */
  messages = [];
  /** Every packet that arrived. @type {{ name: string, packet: any }[]} */
  packets = [];
  /** Answers to give instead of the usual, by the name of the packet, once each. @type {Record<string, Ack[]>} */
  refusals = {};
  /** While true, packets are handled and the answer does not reach the page. */
  losesAnswers = false;
  /** While true, a message waits for approval: `approve()` posts it. */
  holds = false;
  /** Further fields of the answer to `messages_since`. */
  state = {};
  /** @type {FakeSocket[]} */
  sockets = [];
  /** @type {Map<string, number | null>} */
  #ids = new Map();
  /** @type {Map<string, string>} */
  #held = new Map();
  /** @type {Set<string>} */
  #rejected = new Set();
  #clock;

  /** @param {FakeClock} clock */
  constructor(clock) {
    this.#clock = clock;
  }

  /**
   * Return Socket.IO's `io` for this server.
   *
   * @returns {Connect}
   */
  get connect() {
    return (namespace, options) => {
      const socket = new FakeSocket(this, this.#clock, namespace, options);
      this.sockets.push(socket);
      return socket;
    };
  }

  get bodies() {
    return this.messages.map(({ body }) => body);
  }

  /**
   * Store a message and send it to every connected page.
   *
   * @param {string} body
   * @param {string} [author]
   */
  post(body, author = "Grace") {
    const message = this.store(body, author);
    this.broadcast("messages_posted", [message]);
    return message.id;
  }

  /**
   * Store a message that nobody hears of, by default with the next id.
   *
   * @param {string} body
   * @param {string} [author]
   * @param {number} [id]
   */
  store(body, author = "Grace", id = (this.messages.at(-1)?.id ?? 0) + 1) {
    const message = {
      id,
      author_id: author === "Ada" ? 7 : 8,
      author,
      department: "Research",
      body,
      posted_at: new Date(this.#clock.now()).toISOString(),
    };
    this.messages.push(message);
    this.messages.sort((one, other) => one.id - other.id);
    return message;
  }

  /** Post every message that waits for approval. */
  approve() {
    for (const [nonce, body] of this.#held) {
      const message = this.store(body, "Ada");
      this.#ids.set(nonce, message.id);
      this.broadcast("messages_posted", [message]);
    }
    this.#held.clear();
  }

  /** Reject every message that waits for approval, and tell its author. */
  reject() {
    for (const nonce of this.#held.keys()) {
      this.#rejected.add(nonce);
      this.broadcast("message_rejected", { nonce });
    }
    this.#held.clear();
  }

  /**
   * @param {string} name
   * @param {unknown} payload
   */
  broadcast(name, payload) {
    for (const socket of this.sockets) if (socket.connected) socket.emit(name, payload);
  }

  /**
   * @param {string} name
   * @param {any} packet
   * @returns {Ack | undefined} undefined when the answer is lost
   */
  answer(name, packet) {
    this.packets.push({ name, packet });
    const ack =
      this.refusals[name]?.shift() ?? (name === "post_message" ? this.#post(packet) : this.#since(packet));
    return this.losesAnswers ? undefined : ack;
  }

  /**
   * @param {{ nonce: string, body: string }} packet
   * @returns {Ack}
   */
  #post({ nonce, body }) {
    if (!this.#ids.has(nonce) && this.holds) {
      this.#held.set(nonce, body);
      this.#ids.set(nonce, null);
    }
    if (this.#rejected.has(nonce)) return { ok: false, error: { code: "invalid", message: "Not approved." } };
    const id = this.#ids.get(nonce);
    if (id === null) return { ok: true, id: null, held: true };
    if (id !== undefined) return { ok: true, id };
    const posted = this.post(body, "Ada");
    this.#ids.set(nonce, posted);
    return { ok: true, id: posted };
  }

  /**
   * @param {{ after: number }} packet
   * @returns {Ack}
   */
  #since({ after }) {
    const found = this.messages.filter(({ id }) => id > after);
    const messages = found.slice(0, PAGE_SIZE);
    return { ok: true, messages, more: found.length > messages.length, removed: [], ...this.state };
  }
}

/** @implements {LiveSocket} */
class FakeSocket {
  connected = false;
  /** How often the client was asked to connect by hand. */
  connects = 0;
  /** The names of all packets, also of those that wait for a connection. @type {string[]} */
  emitted = [];
  io;
  /** @type {Map<string, ((...values: any[]) => void)[]>} */
  #handlers = new Map();
  #server;
  #clock;

  /**
   * @param {FakeServer} server
   * @param {FakeClock} clock
   * @param {string} namespace
   * @param {any} options
   */
  constructor(server, clock, namespace, options) {
    this.#server = server;
    this.#clock = clock;
    this.namespace = namespace;
    this.io = { opts: options, engine: { transport: { name: "websocket" } } };
  }

  connect() {
    this.connects += 1;
  }

  disconnect() {
    if (this.connected) this.emit("disconnect", "io client disconnect");
  }

  /**
   * @param {string} name
   * @param {(...values: any[]) => void} handler
   */
  on(name, handler) {
    this.#handlers.set(name, [...(this.#handlers.get(name) ?? []), handler]);
  }

  /**
   * Hand an event to the page, as the client does.
   *
   * @param {string} name
   * @param {unknown} [payload]
   */
  emit(name, payload) {
    if (name === "connect") this.connected = true;
    if (name === "disconnect") this.connected = false;
    for (const handler of this.#handlers.get(name) ?? []) handler(payload);
  }

  get volatile() {
    /**
     * @param {string} name
     * @param {object} packet
     */
    const emit = (name, packet) => {
      if (this.connected) this.#server.answer(name, packet);
    };
    return { emit };
  }

  /** @param {number} milliseconds */
  timeout(milliseconds) {
    /**
     * @param {string} name
     * @param {object} packet
     * @returns {Promise<Ack>}
     */
    const emitWithAck = (name, packet) =>
      new Promise((resolve, reject) => {
        this.emitted.push(name);
        const ack = this.connected ? this.#server.answer(name, packet) : undefined;
        if (ack) resolve(ack);
        else this.#clock.setTimeout(() => reject(new Error("operation has timed out")), milliseconds);
      });
    return { emitWithAck };
  }
}
