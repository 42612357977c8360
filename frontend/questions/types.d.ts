/** Shapes that the modules of questions share. */

/** A question as `questions_changed` and `messages_since` carry it (docs/protocol.md). */
export interface Question {
  id: number;
  body: string;
  /** Null when it is anonymous. */
  author: string | null;
  department: string | null;
  asked_at: string;
  state: "open" | "answering" | "answered" | "hidden";
  votes: number;
  answer: string | null;
  /** The time into the event, `00:23`. */
  answered_at: string | null;
  /** The question that has taken over the votes. */
  merged_into: number | null;
}

export type Sort = "votes" | "newest";

/** A question as it is shown to this viewer. */
export interface Shown extends Question {
  /** Whether the viewer has voted, also when the server has not stored it yet. */
  voted: boolean;
  /** Whether the viewer asked it. */
  own: boolean;
}

export interface QuestionsView {
  /** Show the questions in this order; in place where `settled` is false: nothing may move. */
  show(questions: Shown[], settled: boolean): void;
  /** Bring a question into sight. */
  reveal(id: number): void;
  /** Say for a moment why a vote was not taken. */
  showVoteRefusal(message: string): void;
}
