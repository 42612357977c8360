// Notices that the picture stands still although it should play: a playlist that answers but does not
// advance, a decoder that hangs.

/** Short gaps are filled by the buffer or by the player itself. */
export const STALL_MS = 20_000;

export class StallWatch {
  #position = Number.NaN;
  #since = 0;

  /**
   * @param {number} now in milliseconds
   * @param {number | null} position of the picture in seconds; null while it does not have to play
   * @returns {boolean} whether the picture has stood still for too long
   */
  check(now, position) {
    if (position === null || position !== this.#position) {
      this.#position = position ?? Number.NaN;
      this.#since = now;
    }
    return now - this.#since >= STALL_MS;
  }
}
