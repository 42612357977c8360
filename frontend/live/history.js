// Earlier messages than the page came with: fetched in parts when the viewer scrolls back.

/**
 * @import { FetchEarlier, HistoryView } from "./types.js"
 * @import { MessageLog } from "./message_log.js"
 */

export class History {
  #log;
  #fetchEarlier;
  #view;
  #loading = false;

  /**
   * @param {object} parts
   * @param {MessageLog} parts.log
   * @param {FetchEarlier} parts.fetchEarlier
   * @param {HistoryView} parts.view
   */
  constructor({ log, fetchEarlier, view }) {
    this.#log = log;
    this.#fetchEarlier = fetchEarlier;
    this.#view = view;
  }

  /** Whether the page can take more; the page of all messages has those that do not fit. */
  get canLoad() {
    return this.#log.hasRoom && this.#log.first !== undefined;
  }

  /** Load the messages before the first one. */
  async load() {
    const before = this.#log.first;
    if (this.#loading || before === undefined || !this.#log.hasRoom) return;
    this.#loading = true;
    try {
      const { messages, more } = await this.#fetchEarlier(before);
      this.#view.showEarlier(this.#log.addEarlier(messages), more);
    } catch {
      this.#view.showEarlierFailed();
    } finally {
      this.#loading = false;
    }
  }
}
