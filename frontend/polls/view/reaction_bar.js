// The buttons of the reactions, and the symbols that rise over the edge of the video.

import { find } from "../../live/view/dom.js";

/** @import { ReactionView } from "../types.js" */

/** @implements {ReactionView} */
export class ReactionBar {
  #form;
  #layer;
  /** The buttons' icons by kind. @type {Map<string, Element | null>} */
  #icons;
  #still = matchMedia("(prefers-reduced-motion: reduce)");

  /** @param {HTMLElement} form */
  constructor(form) {
    this.#form = form;
    this.#layer = find("reaction-layer");
    const buttons = /** @type {Iterable<HTMLButtonElement>} */ (form.querySelectorAll("button"));
    this.#icons = new Map(Array.from(buttons, (button) => [button.value, button.querySelector(".icon")]));
  }

  /** @param {(kind: string) => void} react */
  onReact(react) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const button = /** @type {SubmitEvent} */ (event).submitter;
      if (button instanceof HTMLButtonElement) react(button.value);
    });
  }

  /**
   * @param {string} kind
   * @param {number} delay in milliseconds
   */
  rise(kind, delay) {
    const icon = this.#icons.get(kind)?.cloneNode(true);
    if (!icon || this.#still.matches || document.hidden) return;
    const rising = document.createElement("span");
    rising.className = `rising ${kind}`;
    rising.append(icon);
    rising.style.left = `${Math.random() * 70}%`;
    rising.style.animationDelay = `${delay}ms`;
    rising.addEventListener("animationend", () => rising.remove());
    this.#layer.append(rising);
  }
}
