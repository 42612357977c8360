// Notices that an encoder was restarted: the numbers of its segments begin again, and a player that waits
// for the next number would wait for as long as the stream has run before.

export class SequenceWatch {
  /** @type {Map<string, number>} */
  #last = new Map();

  /**
   * @param {string} playlist address of a media playlist
   * @param {number} last number of its last segment
   * @returns {boolean} whether the numbers have gone back
   */
  check(playlist, last) {
    const before = this.#last.get(playlist);
    this.#last.set(playlist, last);
    return before !== undefined && last < before;
  }
}
