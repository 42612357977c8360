// Moves the focus when the element that had it is gone: to the same button of the next row, so that a
// moderator goes on with the keys. It never falls back to the top of the page.

/** @param {string} id */
function byId(id) {
  return id ? document.getElementById(id) : null;
}

/** Return a function that finds the next row of the list, or the same button in it.
 * @param {Element} active
 * @param {Element} row */
function nextRowFinder(active, row) {
  const list = row.parentElement;
  const rows = [...(list?.querySelectorAll("[data-row]") ?? [])];
  const at = rows.indexOf(row);
  const others = [...rows.slice(at + 1), ...rows.slice(0, at).reverse()].map(({ id }) => id);
  const part = active.id.slice(row.id.length);
  return () => {
    const next = others.find((id) => list?.isConnected && list.contains(byId(id)));
    return next ? (byId(next + part) ?? byId(next)) : byId(row.id);
  };
}

/** Return functions that find what can take the place of `active`, the nearest first.
 * @param {Element} active
 * @param {Element} target
 * @returns {(() => Element | null | undefined)[]} */
function findersOf(active, target) {
  const row = active.closest("[data-row]");
  const section = active.closest("section[aria-labelledby]");
  const [sectionId, titleId] = [section?.id ?? "", section?.getAttribute("aria-labelledby") ?? ""];
  return [
    () => byId(active.id),
    ...(row ? [nextRowFinder(active, row)] : []),
    () => byId(sectionId)?.querySelector(".buttons button, .buttons a"),
    () => byId(titleId),
    // The title of the list that is left, before a switch that comes earlier in the page.
    () => byId(target.id)?.querySelector("h2[tabindex]"),
    () => byId(target.id)?.querySelector("button, a"),
  ];
}

/** Remember where the focus is within `target`; call the result once that has changed.
 * @param {Element} target
 * @returns {() => void} */
export function notePlace(target) {
  const active = document.activeElement;
  if (!active || !target.contains(active)) return () => {};
  const finders = findersOf(active, target);
  return () => {
    if (document.activeElement === active) return;
    for (const find of finders) {
      const substitute = find();
      if (!(substitute instanceof HTMLElement)) continue;
      substitute.focus();
      if (document.activeElement === substitute) return;
    }
  };
}
