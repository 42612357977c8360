// The questions of the live page: joins the modules with the page.

import { t } from "../i18n.js";
import { Draft } from "../live/draft.js";
import { Outbox } from "../live/outbox.js";
import { Pace } from "../live/pace.js";
import { makeNonce, openStorage } from "../live/view/browser.js";
import { findIn } from "../live/view/dom.js";
import { choicesOf } from "../live/view/refused.js";
import { Questions } from "./questions.js";
import { AskForm } from "./view/ask_form.js";
import { QuestionList } from "./view/list.js";

/**
 * @import { EventSettings } from "../live/types.js"
 * @import { LivePage } from "../live/view/live_page.js"
 * @import { Sort } from "./types.js"
 */

const COUNTDOWN_MS = 500;
/** Thousands of pages hear of a change at once; their reloads are spread over this time. */
const RELOAD_WITHIN_MS = 3_000;

/** @param {LivePage} live */
export function startQuestions(live) {
  const { session, chat, panel, page, clock, random } = live;
  const body = document.getElementById("panel-questions");
  if (!body) return waitForQuestions(live);
  const owner = `${live.event}:${live.viewer}`;
  const [draft, draftAnonymous] = ["question", "question-anonymous"].map(
    (name) => new Draft(openStorage("sessionStorage"), `${owner}:${name}`),
  );
  const form = new AskForm(
    draft,
    draftAnonymous,
    choicesOf(() => outbox),
    (text) => page.notify(text),
  );
  const list = new QuestionList((text) => page.notify(text));
  const pace = new Pace(clock);
  const questions = new Questions({
    session,
    chat,
    view: list,
    onNew: (count) => panel.markUnread("questions", count),
    onArrived: (ids) => {
      for (const id of ids) outbox.arrived(id);
    },
    clock,
    random,
  });
  questions.begin(list.read());
  const outbox = new Outbox({
    session,
    pace,
    log: questions.store,
    view: form,
    storage: openStorage("localStorage"),
    owner,
    clock,
    random,
    box: "questions",
    request: "ask_question",
    onStored: (id) => {
      form.showStored();
      questions.welcome(id);
    },
  });
  form.onSubmit((text, anonymous) => outbox.put(makeNonce(), text, anonymous ? { anonymous } : {}));
  list.listen({
    vote: (id) => questions.vote(id),
    touch: () => questions.touch(),
    leave: () => questions.leave(),
  });
  listenToSort(body, (sort) => questions.sortBy(sort));
  setInterval(() => form.showPace(outbox.isWaiting ? Math.ceil(pace.slowFor / 1000) : 0), COUNTDOWN_MS);
  session.onConnect(() => outbox.askAgain());
  // The answer to a question that is sent again says what was decided.
  session.on("question_decided", () => outbox.askAgain());
  session.on("question_revealed", () =>
    page.notify(t("An owner of this site had your name revealed. The page of questions says why.")),
  );
  const apply = (/** @type {EventSettings} */ settings) => {
    form.showSettings(settings);
    questions.show();
  };
  session.on("event_changed", apply);
  chat.onState("event", (settings) => settings && apply(settings));
}

/**
 * Reload a page that came without questions once the event takes them.
 *
 * @param {LivePage} live
 */
function waitForQuestions({ session, page, clock, random }) {
  session.on("event_changed", (settings) => {
    if (settings.questions_open) clock.setTimeout(() => page.reload(), random() * RELOAD_WITHIN_MS);
  });
}

/**
 * @param {HTMLElement} body
 * @param {(sort: Sort) => void} sortBy
 */
function listenToSort(body, sortBy) {
  const buttons = /** @type {NodeListOf<HTMLElement>} */ (body.querySelectorAll("[data-sort]"));
  findIn(body, ".question-sort").hidden = false;
  for (const button of buttons)
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      sortBy(button.dataset.sort === "newest" ? "newest" : "votes");
    });
}
