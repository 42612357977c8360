/** Shapes that the modules of the live page share: packets of the socket, and what is injected. */

/** A message as `messages_posted` and `messages_since` carry it (docs/protocol.md). */
export interface Message {
  id: number;
  /** The employee's id: by it a page tells its viewer's own messages. Null for the host's. */
  author_id: number | null;
  author: string;
  department: string;
  body: string;
  posted_at: string;
  /** An admin wrote it, as the host. */
  host?: true;
}

/** A message of this browser that the server has not acknowledged yet; stored as JSON. */
export interface Post {
  nonce: string;
  body: string;
  written_at: string;
  /** Further fields of its packet. */
  fields?: object;
  /** It waits for a moderator's approval. */
  held?: boolean;
  /** The server has seen it: sending it again only asks for its state. */
  known?: boolean;
  /** Why the server refused it for good; its author decides whether to send it again. */
  refused?: string;
}

export interface Refusal {
  code: string;
  message: string;
  /** Seconds. */
  retry_after?: number;
}

// biome-ignore lint/suspicious/noExplicitAny: each event's acknowledgement has fields of its own.
export type Ack = { ok: true; [field: string]: any } | { ok: false; error: Refusal };

export interface Announcement {
  id: number;
  body: string;
}

/** Settings that admins may change while the page is open. */
export interface EventSettings {
  state: string;
  title: string;
  stream_url: string;
  stream_kind?: string;
  stream_hosts?: string;
  chat_open: boolean;
  slow_mode_seconds: number;
  hold_messages: boolean;
  questions_open: boolean;
  hold_questions: boolean;
  anonymous_questions: boolean;
}

/** Changes of the list on the page; apply `inserted` in its order, then `dropped`. */
export interface LogChange {
  /** `before` is the id of the message that follows, null at the end. */
  inserted: { message: Message; before: number | null }[];
  dropped: number[];
}

/** Time and timers; milliseconds. */
export interface Clock {
  /** Since 1970. */
  now(): number;
  /** Unaffected by changes of the system's time. */
  monotonic(): number;
  setTimeout(action: () => void, delay: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** A number from 0 to 1, as Math.random. */
export type Random = () => number;

/** Of `localStorage`, the part that is used. */
export interface KeyValueStore {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** Of a Socket.IO client's socket, the part that is used. */
export interface LiveSocket {
  readonly connected: boolean;
  connect(): unknown;
  disconnect(): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: each event's payload has its own shape.
  on(name: string, handler: (...values: any[]) => void): unknown;
  readonly volatile: { emit(name: string, packet: object): unknown };
  timeout(milliseconds: number): { emitWithAck(name: string, packet: object): Promise<Ack> };
  readonly io: {
    readonly opts: { query?: object; transports?: unknown[] };
    readonly engine: { readonly transport: { readonly name: string } };
  };
}

/** Socket.IO's `io`, or an imitation: open a socket to a namespace. */
export type Connect = (namespace: string, options: object) => LiveSocket;

export interface SessionView {
  showConnected(): void;
  showReconnecting(): void;
  /** Go to the check-in page: this viewer may not be here any more. */
  leave(): void;
}

export interface OutboxView {
  showPending(post: Post): void;
  removePending(nonce: string): void;
  showHeld(nonce: string): void;
  /**
   * The server will never take this post: give its text back to its author. Return false while something
   * else is being written; then the post stays where it is.
   */
  giveBack(post: Post, error: Refusal): boolean;
  /** Offer to send a post again that could not be given back. */
  showRefused(nonce: string, reason: string): void;
}

export interface ChatView {
  /** Whether the viewer has scrolled back to read older messages. */
  readonly isReading: boolean;
  showMessages(change: LogChange): void;
  removeMessage(id: number): void;
  /** `before` means that the message stands before the first one on the page. */
  showRestored(change: LogChange, before: boolean): void;
  /** The page has what it missed; `count` messages came while it was disconnected. */
  showCaughtUp(count: number): void;
}

export interface HistoryView {
  /** `more` says whether there are earlier ones still. */
  showEarlier(change: LogChange, more: boolean): void;
  showEarlierFailed(): void;
}

/** Ask the server for the messages before an id, oldest first. */
export type FetchEarlier = (before: number) => Promise<{ messages: Message[]; more: boolean }>;

export interface EventView {
  showAnnouncement(announcement: Announcement | null): void;
  showWatching(count: number): void;
  showMuted(muted: boolean): void;
  showTitle(title: string): void;
  showComposer(state: { open: boolean; approval: boolean }): void;
  reload(): void;
}
