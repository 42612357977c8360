// The scrolling of the log: it follows new messages at its end, and stays in place for a viewer who
// reads older ones.

import { find } from "./dom.js";
import { newMessages } from "./words.js";

/** This close to its end, the log follows new messages. */
const FOLLOW_PX = 60;

export class Scroller {
  #log = find("log");
  #list = find("messages");
  #button = find("unread");
  #unread = 0;
  #following = true;
  /** The height of the log at the last look, and where it began. */
  #height = 0;
  #top = 0;

  constructor() {
    this.#button.addEventListener("click", () => {
      // The button goes; the focus stays with the messages.
      this.#log.focus({ preventScroll: true });
      this.scrollToEnd();
    });
    this.#log.addEventListener("scroll", () => this.#onScroll());
    // The composer grows, or an announcement comes: the latest message stays in sight, and the text of a
    // viewer who reads stays where it is.
    new ResizeObserver(() => {
      if (!this.#log.clientHeight) return; // Another tab is in front.
      const { top } = this.#log.getBoundingClientRect();
      this.#height = this.#log.clientHeight;
      if (this.#following) this.scrollToEnd();
      else this.#log.scrollTop += top - this.#top;
      this.#top = top;
    }).observe(this.#log);
  }

  /** Whether the viewer has scrolled back to read older messages. */
  get isReading() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    // A log that has just become lower was not scrolled by that.
    return scrollHeight - scrollTop - Math.max(clientHeight, this.#height) >= FOLLOW_PX;
  }

  /**
   * Call `load` when a viewer who reads has almost reached the first message.
   *
   * @param {number} distance in pixels
   * @param {() => void} load
   */
  onBeginning(distance, load) {
    this.#log.addEventListener("scroll", () => {
      if (this.isReading && this.#log.scrollTop < distance) load();
    });
  }

  scrollToEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#unread = 0;
    this.#button.hidden = true;
  }

  /**
   * Make a change that adds `count` new messages: follow them, or offer them to a viewer who reads.
   *
   * @param {number} count
   * @param {() => void} change
   */
  addNew(count, change) {
    const follow = !this.isReading && !document.hidden;
    this.keepInPlace(change);
    if (follow) this.scrollToEnd();
    else if (count) this.#offer(this.#unread + count);
  }

  /**
   * Make a change so that a viewer who reads goes on seeing the same lines.
   *
   * @param {() => void} change
   */
  keepInPlace(change) {
    if (!this.isReading) return change();
    const edge = this.#log.getBoundingClientRect().top;
    const rows = [...this.#list.children].map((row) => ({ row, place: row.getBoundingClientRect() }));
    change();
    // The first visible row that is still there.
    const anchor = rows.find(({ row, place }) => place.bottom > edge && row.isConnected);
    if (anchor) this.#log.scrollTop += anchor.row.getBoundingClientRect().top - anchor.place.top;
  }

  /** @param {number} count */
  #offer(count) {
    this.#unread = count;
    this.#button.textContent = newMessages(count);
    this.#button.hidden = false;
  }

  #onScroll() {
    this.#following = !this.isReading;
    if (this.#following) this.scrollToEnd();
  }
}
