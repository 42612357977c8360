// The list of messages of a page without a DOM: applies changes exactly as a view has to.

/** @import { LogChange } from "../../frontend/live/types.js" */

export class RowList {
  /** @type {{ id: number, body: string }[]} */
  rows = [];

  /** @param {LogChange} change */
  apply({ inserted, dropped }) {
    for (const { message, before } of inserted) {
      const { id, body } = message;
      const place = before === null ? this.rows.length : this.rows.findIndex((row) => row.id === before);
      this.rows.splice(place, 0, { id, body });
    }
    for (const id of dropped) this.remove(id);
  }

  /** @param {number} id */
  remove(id) {
    this.rows = this.rows.filter((row) => row.id !== id);
  }
}
