/** Shapes that the modules of polls and reactions share (docs/protocol.md). */

export interface PollOption {
  id: number;
  text: string;
  /** While results are shown. */
  votes?: number;
}

export interface Poll {
  id: number;
  question: string;
  options: PollOption[];
  multiple: boolean;
  secret: boolean;
  live_results: boolean;
  state: "open" | "closed";
  /** The number of employees who answered, while results are shown. */
  answers?: number;
}

/** The viewer's answer; `options` is empty in a secret poll. */
export interface OwnAnswer {
  poll: number;
  options: number[];
}

/** The content of the panel; elements that stand for a condition are shown while it is among `when`. */
export interface PollModel {
  poll: Poll | null;
  when: Set<string>;
  /** The options that the viewer has chosen, as far as they are known. */
  chosen: number[];
  answered: boolean;
}

/** The result of the last answer: it is on its way, was counted, or an earlier one stands. */
export type Said = "" | "sending" | "counted" | "before";

export interface PollView {
  showPoll(model: PollModel): void;
  showSaid(said: Said): void;
  /** Say why the server will never take this answer. */
  showRefusal(message: string): void;
  /** Something happened that a viewer who looks elsewhere should know of. */
  markNew(): void;
}

export type ReactionCounts = Record<string, number>;

export interface ReactionView {
  /** Let a symbol rise, `delay` milliseconds from now. */
  rise(kind: string, delay: number): void;
}
