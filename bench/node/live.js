// The live socket as the original starter does it: Socket.IO with the Redis adapter, mysql2.
// A message is stored and then broadcast; no rate limit, no sweep, no watched minutes.
"use strict";
const { createAdapter } = require("@socket.io/redis-adapter");
const express = require("express");
const { Server } = require("socket.io");
const store = require("./store");
const { session, viewerOf } = require("./viewer");

const COUNT_MS = 1000;
const app = express();
const server = app.listen(Number(process.env.PORT), "127.0.0.1", 4096);
const io = new Server(server, {
  adapter: createAdapter(store.redis, store.redis.duplicate()),
  perMessageDeflate: false,
  httpCompression: false,
  maxHttpBufferSize: 16 * 1024,
  serveClient: false,
});
const live = io.of("/live");
const watching = new Map();

io.engine.use(session);

function refusal(code) {
  return Object.assign(new Error(code), { data: { code } });
}

async function accept(socket) {
  const event = await store.event(String(socket.handshake.auth.event));
  const viewer = event && (await viewerOf(socket.request, event));
  if (!viewer) throw refusal("not_checked_in");
  if (event.state !== "open") throw refusal("event_not_open");
  Object.assign(socket.data, { event, viewer });
}

async function post({ event, viewer }, { nonce, body }) {
  const text = typeof body === "string" ? body.trim() : "";
  if (typeof nonce !== "string" || !nonce || nonce.length > 64 || !text || text.length > 500) return { ok: false, error: { code: "invalid" } };
  const { id: employeeId, name: author, department } = viewer.employee;
  const posted_at = new Date();
  const id = await store.addMessage(event.id, employeeId, text, nonce, posted_at);
  live.to(event.slug).emit("messages_posted", [{ id, author_id: employeeId, author, department, body: text, posted_at }]);
  return { ok: true, id };
}

async function since({ event }, { after }) {
  const messages = await store.messagesSince(event.id, Number(after), 200);
  return { ok: true, messages, more: messages.length === 200 };
}

function answer(socket, name, handle) {
  socket.on(name, async (packet, acknowledge) => {
    try {
      acknowledge(await handle(socket.data, packet));
    } catch {
      acknowledge({ ok: false, error: { code: "unavailable" } });
    }
  });
}

live.use((socket, next) => accept(socket).then(() => next(), next));

live.on("connection", (socket) => {
  const { slug } = socket.data.event;
  socket.join(slug);
  watching.set(slug, (watching.get(slug) ?? 0) + 1);
  socket.on("disconnect", () => watching.set(slug, watching.get(slug) - 1));
  answer(socket, "post_message", post);
  answer(socket, "messages_since", since);
});

// The viewer count of all nodes, at most once a second and only when it changed.
const shown = new Map();
setInterval(async () => {
  for (const [slug, here] of watching) {
    const all = await store.countWatching(slug, process.pid, here).catch(() => here);
    if (shown.get(slug) !== all) live.local.to(slug).emit("viewers_changed", { watching: all });
    shown.set(slug, all);
  }
}, COUNT_MS);

app.get("/readyz", async (req, res) => {
  await store.ping();
  res.json({ ok: true });
});

process.on("SIGTERM", () => process.exit(0));
