// The swap "morph" of HTMX: an answer is compared with the page, and only what differs is changed. So the
// focus, a text selection, open menus and the place stay where they are.

import { Idiomorph } from "idiomorph";
import { notePlace } from "./focus.js";

/** Texts that a person typed and boxes that they ticked stay; hidden fields follow the server.
 * @param {string} name
 * @param {Element} element */
function mayUpdate(name, element) {
  const isTyped = element instanceof HTMLTextAreaElement || element instanceof HTMLInputElement;
  if (!isTyped || element.type === "hidden") return true;
  return name !== "value" && name !== "checked";
}

/** Teach HTMX the swap. */
export function morphSwaps() {
  document.body.setAttribute("data-hx-ext", "morph");
  htmx.defineExtension("morph", {
    isInlineSwap: (style) => style === "morph",
    handleSwap(style, target, fragment) {
      if (style !== "morph") return false;
      const restore = notePlace(target);
      const added = Idiomorph.morph(target, fragment.children, {
        callbacks: { beforeAttributeUpdated: mayUpdate },
      });
      restore();
      return added;
    },
  });
}
