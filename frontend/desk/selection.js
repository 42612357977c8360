// Several rows at once: a box that selects all, and how many are selected.

import { tn } from "../i18n.js";

/** @param {string} name */
function boxes(name) {
  const all = document.querySelectorAll(/** @type {"input"} */ (`#message-lists input[name="${name}"]`));
  return [...all];
}

function showCounts() {
  for (const several of document.querySelectorAll(/** @type {"div"} */ (".at-once"))) {
    const found = boxes(several.dataset.select ?? "");
    const marked = found.filter((box) => box.checked).length;
    const all = several.querySelector(/** @type {"input"} */ ("input[data-all]"));
    const count = several.querySelector(".selected-count");
    if (all) {
      all.checked = marked > 0 && marked === found.length;
      all.indeterminate = marked > 0 && marked < found.length;
    }
    if (count) count.textContent = marked ? tn("{count} selected", "{count} selected", marked) : "";
  }
}

/** @param {EventTarget | null} target */
function selectAll(target) {
  if (!(target instanceof HTMLInputElement) || target.dataset.all === undefined) return;
  for (const box of boxes(target.dataset.all)) box.checked = target.checked;
}

/** Keep counts and boxes up to date; an act that worked ends the selection. */
export function watchSelections() {
  document.addEventListener("change", ({ target }) => {
    selectAll(target);
    showCounts();
  });
  document.addEventListener("htmx:afterRequest", ({ detail: { requestConfig, xhr } }) => {
    const several = requestConfig.elt.closest(/** @type {"div"} */ (".at-once"));
    if (!several || xhr.status >= 300) return;
    for (const box of boxes(several.dataset.select ?? "")) box.checked = false;
    showCounts();
  });
  document.addEventListener("htmx:afterSwap", showCounts);
  showCounts();
}
