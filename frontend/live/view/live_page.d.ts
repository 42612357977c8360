import type { Chat } from "../chat.js";
import type { Session } from "../session.js";
import type { Clock, Random } from "../types.js";
import type { Page } from "./page.js";
import type { Panel } from "./panel.js";

/** Objects that main.js gives to the other parts of the live page, such as questions and polls. */
export interface LivePage {
  /** Packets (`on`), new connections (`onConnect`), requests (`request`). */
  session: Session;
  /** The current state after each connect: `chat.onState(field, handler)`. */
  chat: Chat;
  panel: Panel;
  /** `page.notify(text)` says something for a moment. */
  page: Page;
  clock: Clock;
  random: Random;
  /** The event's slug. */
  event: string;
  /** The viewer's id. */
  viewer: number;
}
