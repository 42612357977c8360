// Live pages without a browser, many in one process: what static/live.js does with messages, over the
// official client. Commands come as lines of JSON; what happens is said in lines of JSON.
"use strict";

const readline = require("node:readline");
const { io } = require("socket.io-client");

const ANSWER_MS = 12000;
const SETTLED_MS = 30000;
const FINAL = new Set(["invalid", "muted", "chat_closed", "event_not_open"]);
const pages = new Map();

const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

class Page {
  constructor({ page, site, slug, cookie }) {
    this.name = page;
    this.rows = [];
    this.seen = new Set();
    this.marks = [{ at: performance.now(), id: 0 }];
    this.outbox = [];
    this.sending = false;
    this.silences = 0;
    this.patience = 1;
    this.socket = io(`${site}/live`, {
      auth: { event: slug },
      extraHeaders: { Cookie: cookie },
      forceNew: true,
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 5000,
      randomizationFactor: 0.8,
      timeout: 8000,
    });
    this.socket.on("connect", () => {
      delete this.socket.io.opts.query;
      this.silences = 0;
      if (this.socket.io.engine.transport.name === "websocket") this.patience = 3;
      this.catchUp();
      this.send();
    });
    this.socket.on("disconnect", (reason) => {
      if (reason === "ping timeout") this.anywhere();
      this.say("lost", { reason });
    });
    this.socket.on("connect_error", (error) => {
      this.say("refused_entry", { code: error.data?.code ?? error.message });
      if (error.message === "timeout") {
        this.anywhere();
        this.silences += 1;
        const { transports } = this.socket.io.opts;
        if (transports[0] === "polling" || this.silences % this.patience === 0) transports.reverse();
      }
      if (error.data?.code) setTimeout(() => this.socket.connect(), 1500 * (1 + Math.random() * 2));
    });
    this.socket.on("messages_posted", (messages) => this.add(messages));
  }

  anywhere() {
    this.socket.io.opts.query = { again: 1 };
  }

  say(event, values) {
    process.stdout.write(`${JSON.stringify({ page: this.name, event, ...values })}\n`);
  }

  add(messages) {
    for (const { id, body } of messages) {
      if (this.seen.has(id)) continue;
      this.seen.add(id);
      let place = this.rows.length;
      while (place && this.rows[place - 1].id > id) place -= 1;
      this.rows.splice(place, 0, { id, body });
      this.say("shown", { id, body });
    }
    this.mark();
  }

  mark() {
    const now = performance.now();
    while (this.marks.length > 1 && this.marks[1].at < now - SETTLED_MS) this.marks.shift();
    const highest = this.rows.at(-1)?.id ?? 0;
    if (this.marks.at(-1).id < highest) this.marks.push({ at: now, id: highest });
  }

  async catchUp() {
    let after = this.marks[0].id;
    for (let more = true; more;) {
      let ack;
      try {
        ack = await this.socket.timeout(ANSWER_MS).emitWithAck("messages_since", { after });
      } catch {
        ack = { ok: false };
      }
      if (!ack.ok) {
        await pause(1500 * (1 + Math.random()));
        if (this.socket.connected) this.catchUp();
        return;
      }
      this.add(ack.messages);
      after = ack.messages.at(-1)?.id ?? after;
      more = ack.more;
    }
    this.say("back", {});
  }

  write(post) {
    this.outbox.push(post);
    this.send();
  }

  async send() {
    if (this.sending || !this.socket.connected || !this.outbox.length) return;
    this.sending = true;
    const wait = await this.deliver(this.outbox[0]);
    if (wait) await pause(wait);
    this.sending = false;
    this.send();
  }

  async deliver({ nonce, body }) {
    let ack;
    try {
      ack = await this.socket.timeout(ANSWER_MS).emitWithAck("post_message", { nonce, body });
    } catch {
      return 500;
    }
    if (!ack.ok && !FINAL.has(ack.error.code)) {
      this.say("put_off", { nonce, code: ack.error.code });
      return (ack.error.retry_after ?? 2) * 1000;
    }
    this.outbox.shift();
    if (ack.ok) this.say("acknowledged", { nonce, id: ack.id });
    else this.say("refused", { nonce, code: ack.error.code });
    return 0;
  }
}

const commands = {
  open: (command) => pages.set(command.page, new Page(command)),
  write: ({ page, nonce, body }) => pages.get(page).write({ nonce, body }),
  drop: ({ page }) => pages.get(page).socket.io.engine.close(),
  rows: ({ page }) => pages.get(page).say("rows", { rows: pages.get(page).rows.map(({ id, body }) => [id, body]) }),
};

readline.createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command = JSON.parse(line);
    commands[command.do](command);
  })
  .on("close", () => process.exit(0));
