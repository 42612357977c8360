// The parts that need a script beside their HTML: menus that close, dialogs, tabs. All work without it.

import { t } from "./i18n.js";
import { showToast } from "./toasts.js";

/** @param {EventTarget | null} target */
function elementOf(target) {
  return target instanceof Element ? target : null;
}

/** Close menus that the pointer, the focus or Escape left. */
export function closeMenus() {
  /** @param {Element | null} inside */
  function closeAllBut(inside) {
    for (const menu of document.querySelectorAll("details.popup[open]")) {
      if (!inside || !menu.contains(inside)) menu.removeAttribute("open");
    }
  }
  document.addEventListener("click", ({ target }) => closeAllBut(elementOf(target)));
  document.addEventListener("focusin", ({ target }) => closeAllBut(elementOf(target)));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = elementOf(event.target)?.closest("details.popup[open]");
    menu?.querySelector("summary")?.focus();
    closeAllBut(null);
  });
}

/** Open the dialog that a link names, instead of the page that asks where scripts are off. */
export function openDialogs() {
  document.addEventListener("click", (event) => {
    const pressed = elementOf(event.target);
    if (pressed?.closest("[data-close]")) {
      pressed.closest("dialog")?.close();
      event.preventDefault();
      return;
    }
    const opener = pressed?.closest("[data-dialog]");
    const dialog = document.getElementById(opener?.getAttribute("data-dialog") ?? "");
    if (!(dialog instanceof HTMLDialogElement)) return;
    event.preventDefault();
    dialog.showModal();
  });
}

/** Let buttons copy the text of the field that they name; without a script the field can be selected. */
export function copyTexts() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    const field = document.getElementById(button.getAttribute("data-copy") ?? "");
    if (!(field instanceof HTMLInputElement)) continue;
    button.removeAttribute("hidden");
    button.addEventListener("click", async () => {
      field.select();
      try {
        // Browsers offer it on https and on this machine only; elsewhere the text is selected.
        await navigator.clipboard.writeText(field.value);
        showToast({ text: t("Copied.") });
      } catch {
        showToast({ text: t("Press Ctrl+C (⌘C) to copy.") });
      }
    });
  }
}

/** Scroll bars of links that are wider than the screen so that the current one is seen. */
export function showCurrentTabs() {
  for (const tab of document.querySelectorAll(":is(.tabs, .sections) [aria-current]")) {
    tab.scrollIntoView({ block: "nearest", inline: "center" });
  }
}
