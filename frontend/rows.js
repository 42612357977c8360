// Tables whose rows can be ticked or edited in place.
//
//   data-tick-all="SELECTOR"   A checkbox that ticks every such checkbox. It is hidden without a script.
//   data-ticked="TEXT"         The text of the form for the ticked rows; their number is put behind it.
//   data-cancel                The link in a form of a row that Escape follows.
//   data-print                 A button that prints the page.

/** @param {string} selector */
function boxes(selector) {
  return [...document.querySelectorAll(/** @type {"input"} */ (selector))];
}

function showTickAll() {
  for (const box of boxes("[data-tick-all]")) box.hidden = false;
  for (const button of boxes("[data-print]")) button.hidden = false;
}

function countTicked() {
  const everyone = /** @type {HTMLInputElement | null} */ (document.getElementById("everyone"));
  for (const line of document.querySelectorAll(/** @type {"p"} */ ("[data-ticked]"))) {
    const ticked = boxes("tbody .tick:checked").length;
    const count = everyone?.checked ? Number(everyone.value) : ticked;
    line.textContent = `${line.dataset.ticked} (${count})`;
  }
}

/** Let rows be ticked together, and a form in a row be left with Escape. */
export function watchRows() {
  document.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.type !== "checkbox") return;
    const { tickAll } = target.dataset;
    if (tickAll) for (const box of boxes(tickAll)) box.checked = target.checked;
    countTicked();
  });
  document.addEventListener("keydown", ({ key, target }) => {
    if (key !== "Escape" || !(target instanceof Element)) return;
    target
      .closest("form")
      ?.querySelector(/** @type {"a"} */ ("[data-cancel]"))
      ?.click();
  });
  document.addEventListener("click", ({ target }) => {
    if (target instanceof Element && target.closest("[data-print]")) print();
  });
  document.addEventListener("htmx:afterSettle", showTickAll);
  showTickAll();
}
