// The chat of the live page. The page arrives complete; this keeps it current over one socket.
//
// Nothing is lost and nothing is shown twice: a message has a nonce and stays in the outbox until
// the server acknowledged it; after every connect the page asks for what came after its last id,
// drops what it has, and keeps its list in the order of ids.
"use strict";

(() => {
  const KEPT = 200; // Messages in the page; a longer list slows the browser down for everybody.
  // A transaction takes its ids when it inserts and shows them when it commits, so a message may become
  // visible after one with a higher id. That takes milliseconds, in trouble seconds: below the id that was
  // the highest half a minute before the last message came, nothing is still to come. From there on the
  // page asks again when it connects, and drops what it has.
  const SETTLED_MS = 30000;
  const OVERLAP = 100; // The same for what the page came with: its moment is not known.
  const ANSWER_MS = 12000;
  const RETRY_MS = 1500;
  const NOTICE_MS = 6000;
  const FINAL = new Set(["invalid", "muted", "chat_closed", "event_not_open"]);

  const chat = document.getElementById("chat");
  const log = document.getElementById("log");
  const list = document.getElementById("messages");
  const pendingList = document.getElementById("pending");
  const unreadButton = document.getElementById("unread");
  const composer = document.getElementById("composer");
  const template = document.getElementById("message-template");
  const clock = new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit", minute: "2-digit", timeZone: chat.dataset.timezone,
  });

  // ---- The list of messages ----

  const rows = new Map([...list.children].map((row) => [Number(row.dataset.id), row]));
  const removed = new Set();
  let highest = Math.max(0, ...rows.keys());
  const marks = [{ at: performance.now(), id: Math.max(0, highest - OVERLAP) }];
  let unread = 0;

  function buildRow({ author, department, body, posted_at }) {
    const row = template.content.firstElementChild.cloneNode(true);
    row.querySelector(".author").textContent = author;
    row.querySelector(".department").textContent = department;
    row.querySelector(".body").textContent = body;
    const time = row.querySelector("time");
    time.dateTime = posted_at;
    time.textContent = clock.format(new Date(posted_at));
    return row;
  }

  function insert(message) {
    if (rows.has(message.id) || removed.has(message.id)) return false;
    if (rows.size >= KEPT && message.id < Number(list.firstElementChild.dataset.id)) return false;
    const row = buildRow(message);
    row.id = `message-${message.id}`;
    row.dataset.id = message.id;
    let next = null;
    for (let last = list.lastElementChild; last && Number(last.dataset.id) > message.id; last = last.previousElementSibling) next = last;
    list.insertBefore(row, next);
    rows.set(message.id, row);
    highest = Math.max(highest, message.id);
    return true;
  }

  function mark() {
    const now = performance.now();
    while (marks.length > 1 && marks[1].at < now - SETTLED_MS) marks.shift();
    if (marks.at(-1).id < highest) marks.push({ at: now, id: highest });
  }

  // What is older than a full page would not be shown.
  function settled() {
    const oldest = rows.size < KEPT ? 0 : Number(list.firstElementChild.dataset.id);
    return Math.max(marks[0].id, oldest);
  }

  function trim() {
    while (rows.size > KEPT) remove(Number(list.firstElementChild.dataset.id));
  }

  function remove(id) {
    rows.get(id)?.remove();
    rows.delete(id);
  }

  function isAtEnd() {
    return log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  }

  function scrollToEnd() {
    log.scrollTop = log.scrollHeight;
    unread = 0;
    unreadButton.hidden = true;
  }

  function add(messages) {
    const follow = isAtEnd() && !document.hidden;
    const fresh = messages.filter(insert).length;
    messages.forEach(({ id }) => outbox.arrived(id));
    mark();
    trim();
    if (follow) scrollToEnd();
    else if (fresh) showUnread(unread + fresh);
    return fresh;
  }

  const newMessages = (count) => (count === 1 ? "1 new message" : `${count} new messages`);

  function showUnread(count) {
    unread = count;
    unreadButton.textContent = newMessages(count);
    unreadButton.hidden = false;
  }

  unreadButton.addEventListener("click", scrollToEnd);
  let following = true;
  log.addEventListener("scroll", () => {
    following = isAtEnd();
    if (following) scrollToEnd();
  });
  // The composer grows by what it has to say; the latest message stays in sight.
  new ResizeObserver(() => { if (following) scrollToEnd(); }).observe(log);

  // ---- The outbox: what was written and is not acknowledged yet; it outlives a reload ----

  const outbox = (() => {
    // An entry for each message: two tabs that kept one list would overwrite each other's.
    const prefix = `townhall:outbox:${chat.dataset.event}:${chat.dataset.viewer}:`;
    let waiting = load();
    const shown = new Map();
    let sending = false;
    let timer;

    function load() {
      try {
        const posts = Object.keys(localStorage).filter((key) => key.startsWith(prefix)).map((key) => JSON.parse(localStorage.getItem(key)));
        return posts.sort((one, other) => one.written_at.localeCompare(other.written_at));
      } catch { return []; }
    }

    function save(post) {
      try { localStorage.setItem(prefix + post.nonce, JSON.stringify(post)); } catch { /* Private mode: it lasts as long as the page. */ }
    }

    function show(post) {
      const { author, department } = chat.dataset;
      const row = buildRow({ author, department, body: post.body, posted_at: post.written_at });
      row.classList.add("pending", "own");
      row.classList.toggle("held", Boolean(post.held));
      pendingList.append(row);
      shown.set(post.nonce, { row, id: null });
    }

    function take(nonce) {
      shown.get(nonce)?.row.remove();
      shown.delete(nonce);
    }

    function drop(post) {
      waiting = waiting.filter(({ nonce }) => nonce !== post.nonce);
      try { localStorage.removeItem(prefix + post.nonce); } catch { /* As above. */ }
    }

    function acknowledged(post, id) {
      drop(post);
      if (rows.has(id)) take(post.nonce);
      else if (shown.has(post.nonce)) shown.get(post.nonce).id = id;
    }

    // It waits for approval. The nonce is asked for again later, to learn what became of it.
    function held(post) {
      post.held = post.known = true;
      save(post);
      shown.get(post.nonce)?.row.classList.add("held");
    }

    function refused(post, error) {
      drop(post);
      take(post.nonce);
      say(error.message);
      if (error.code === "muted" && error.retry_after) pace.until("muted", error.retry_after);
      if (!composer.body.value) composer.body.value = post.body;
    }

    const next = () => waiting.find((post) => !post.held);

    // One at a time, so that messages are stored in the order in which they were written.
    async function send() {
      if (sending || !socket.connected || !next()) return;
      clearTimeout(timer);
      sending = true;
      const post = next();
      const pause = (!post.known && pace.slowFor()) || await deliver(post);
      sending = false;
      if (pause) timer = setTimeout(send, pause);
      else send();
    }

    async function deliver(post) {
      const { nonce, body } = post;
      let ack;
      try {
        ack = await socket.timeout(ANSWER_MS).emitWithAck("post_message", { nonce, body });
      } catch {
        return RETRY_MS;
      }
      if (ack.ok && !post.known) pace.posted();
      if (ack.ok && ack.held) held(post);
      else if (ack.ok) acknowledged(post, ack.id);
      else if (ack.error.code === "not_checked_in") leave();
      else if (FINAL.has(ack.error.code)) refused(post, ack.error);
      else return retryAfter(ack.error);
      return 0;
    }

    function retryAfter(error) {
      if (error.code !== "slow_down") return (error.retry_after || 2) * 1000 * (1 + Math.random() / 4);
      pace.until("slow", error.retry_after);
      return pace.slowFor();
    }

    waiting.forEach(show);
    return {
      send,
      isWaiting: () => waiting.some((post) => !post.known),
      askAgain() {
        for (const post of waiting) post.held = false;
        send();
      },
      put(body) {
        const post = { nonce: crypto.randomUUID?.() ?? fallbackNonce(), body, written_at: new Date().toISOString() };
        waiting.push(post);
        save(post);
        show(post);
        scrollToEnd();
        send();
      },
      arrived(id) {
        for (const [nonce, entry] of shown) if (entry.id === id) take(nonce);
      },
    };
  })();

  // Browsers offer randomUUID on https and localhost only.
  function fallbackNonce() {
    return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
  }

  // ---- How fast one may write: slow mode and mutes, counted down in the composer ----

  const pace = (() => {
    const line = document.getElementById("pace");
    const ends = { slow: 0, muted: 0 };
    const left = (what) => Math.max(0, ends[what] - Date.now());

    function show() {
      const [muted, slow] = [left("muted"), left("slow")];
      if (muted) line.textContent = `You are muted for another ${clockOf(muted)}.`;
      else if (slow && outbox.isWaiting()) line.textContent = `Your message is sent in ${clockOf(slow)}.`;
      else if (slow) line.textContent = `You can write again in ${clockOf(slow)}.`;
      line.hidden = !(muted || slow);
    }

    function clockOf(milliseconds) {
      const seconds = Math.ceil(milliseconds / 1000);
      return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
    }

    function until(what, seconds) {
      ends[what] = Date.now() + seconds * 1000;
      show();
    }

    setInterval(show, 500);
    return {
      until,
      slowFor: () => left("slow"),
      posted() {
        ends.muted = 0;
        if (settings.slow_mode_seconds) until("slow", settings.slow_mode_seconds);
      },
      free() { ends.slow = 0; outbox.send(); },
    };
  })();

  // ---- The composer ----

  function say(text) {
    const refusal = document.getElementById("refusal");
    refusal.textContent = text;
    refusal.hidden = !text;
  }

  function submit(event) {
    event.preventDefault();
    const body = composer.body.value.trim();
    // In slow mode one message may wait; what is written next stays a draft.
    if (!body || (pace.slowFor() && outbox.isWaiting())) return;
    say("");
    composer.body.value = "";
    outbox.put(body);
  }

  composer.addEventListener("submit", submit);
  composer.body.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });

  // ---- What admins change while the page is open ----

  const settings = { state: "open", stream_url: chat.dataset.stream, slow_mode_seconds: 0 };
  slowDown(Number(chat.dataset.slowMode));

  function slowDown(seconds) {
    const before = settings.slow_mode_seconds;
    settings.slow_mode_seconds = "exempt" in chat.dataset ? 0 : seconds;
    if (settings.slow_mode_seconds < before) pace.free();
  }

  function adapt({ state, stream_url, chat_open, slow_mode_seconds, hold_messages }) {
    if (state !== settings.state || stream_url !== settings.stream_url) return reloadSoon();
    composer.hidden = !chat_open;
    document.getElementById("closed").hidden = chat_open;
    document.getElementById("approval").hidden = !hold_messages || "exempt" in chat.dataset;
    slowDown(slow_mode_seconds);
  }

  // Thousands of pages hear it at once; the server should not hear all of them at once.
  let reloading = false;
  function reloadSoon() {
    if (!reloading) setTimeout(() => location.reload(), Math.random() * 3000);
    reloading = true;
  }

  function announce(announcement) {
    const box = document.getElementById("announcement");
    if (announcement && Number(box.dataset.id) === announcement.id) return;
    box.dataset.id = announcement?.id ?? "";
    box.firstElementChild.textContent = announcement?.body ?? "";
    box.hidden = !announcement;
  }

  function forget(id) {
    removed.add(id);
    remove(id);
  }

  // ---- The socket ----

  const connection = document.getElementById("connection");
  const watching = document.getElementById("watching");
  const socket = io("/live", {
    auth: { event: chat.dataset.event },
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    // Spread out: the viewers of a node that died must not all arrive at once.
    reconnectionDelay: 500,
    reconnectionDelayMax: 5000,
    randomizationFactor: 0.8,
    // Of one attempt: a node that is frozen accepts it and says nothing.
    timeout: 8000,
  });
  let lost = false;

  function leave() {
    location.assign(chat.dataset.checkIn);
  }

  async function catchUp() {
    let after = settled();
    let fresh = 0;
    for (let more = true; more;) {
      let ack;
      try {
        ack = await socket.timeout(ANSWER_MS).emitWithAck("messages_since", { after });
      } catch {
        return again();
      }
      if (!ack.ok) return ack.error.code === "not_checked_in" ? leave() : again();
      ack.removed?.forEach(forget);
      fresh += add(ack.messages);
      if (ack.event) adapt(ack.event);
      if ("announcement" in ack) announce(ack.announcement);
      after = ack.messages.at(-1)?.id ?? after;
      more = ack.more;
    }
    if (lost && fresh) note(newMessages(fresh));
    lost = false;
  }

  function again() {
    setTimeout(() => { if (socket.connected) catchUp(); }, RETRY_MS * (1 + Math.random()));
  }

  function note(text) {
    connection.textContent = text;
    setTimeout(() => { if (connection.textContent === text) connection.textContent = ""; }, NOTICE_MS);
  }

  function reconnecting() {
    lost = true;
    connection.textContent = "Reconnecting…";
  }

  // A node that hangs takes connections and says nothing, and has ever fewer: it would be next again.
  function anywhere() {
    socket.io.opts.query = { again: 1 };
  }

  // Where a WebSocket gets no answer at all, polling is tried first the next time, and so in turn. Where one
  // worked, it is more likely the node that was silent: it is tried a few times more.
  let silences = 0;
  let patience = 1;
  function silence() {
    anywhere();
    silences += 1;
    const { transports } = socket.io.opts;
    if (transports[0] === "polling" || silences % patience === 0) transports.reverse();
  }

  socket.on("connect", () => {
    delete socket.io.opts.query;
    silences = 0;
    if (socket.io.engine.transport.name === "websocket") patience = 3;
    connection.textContent = "";
    catchUp();
    outbox.askAgain();
  });
  socket.on("disconnect", (reason) => {
    if (reason === "io server disconnect") return leave();
    if (reason === "ping timeout") anywhere();
    reconnecting();
  });
  socket.on("connect_error", (error) => {
    reconnecting();
    if (error.message === "timeout") silence();
    const code = error.data?.code;
    if (code === "not_checked_in" || code === "event_not_open") leave();
    // A refusal by the server ends the client's own attempts; a node may only be short of something.
    else if (code) setTimeout(() => socket.connect(), RETRY_MS * (1 + Math.random() * 2));
  });
  socket.on("messages_posted", (messages) => {
    add(messages);
    // Perhaps one that was held: only its nonce tells.
    if (messages.some(({ author }) => author === chat.dataset.author)) outbox.askAgain();
  });
  socket.on("message_removed", ({ id }) => forget(id));
  socket.on("announcement_posted", announce);
  socket.on("announcement_removed", () => announce(null));
  socket.on("viewers_changed", ({ watching: count }) => {
    watching.textContent = `${count} watching`;
    watching.hidden = false;
  });
  socket.on("event_changed", adapt);

  scrollToEnd();
})();
