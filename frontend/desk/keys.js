// Keys for the rows: j and k go on and back, a approves, r removes or rejects, m mutes, ? shows the keys.
// They do nothing while somebody types, and can be switched off (WCAG 2.1.4).

const KEY = "townhall:desk-keys";
/** Rows in the order of the page: first those that wait for approval. */
const ROWS = "#board [data-row]";

/** @type {Record<string, string>} What a key presses in the row that has the focus. */
const BUTTONS = { a: "[id$='-approve']", r: ".danger[id$='-remove']", m: "[data-mute]" };

function isOn() {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

/** @param {boolean} on */
function remember(on) {
  try {
    localStorage.setItem(KEY, on ? "on" : "off");
  } catch {
    // The storage is full or forbidden: the switch goes back with the next page.
  }
}

/** @param {EventTarget | null} target */
function isElsewhere(target) {
  if (document.querySelector("dialog[open]")) return true;
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("#video")) return true;
  return target.matches("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])");
}

function currentRow() {
  return document.activeElement?.closest(/** @type {"li"} */ (ROWS)) ?? null;
}

/** @param {1 | -1} step */
function go(step) {
  const rows = [...document.querySelectorAll(/** @type {"li"} */ (ROWS))];
  const current = currentRow();
  const at = current ? rows.indexOf(current) + step : 0;
  const row = rows[Math.min(Math.max(at, 0), rows.length - 1)];
  row?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

/** @param {string} key */
function press(key) {
  if (key === "j") go(1);
  else if (key === "k") go(-1);
  else if (key === "?") document.getElementById("keys-open")?.click();
  else {
    const button = currentRow()?.querySelector(BUTTONS[key]);
    if (button instanceof HTMLElement) button.click();
  }
}

/** Listen to the keys, and to the switch that turns them off. */
export function watchKeys() {
  const opener = document.getElementById("keys-open");
  const on = document.getElementById("keys-on");
  if (!opener || !(on instanceof HTMLInputElement)) return;
  opener.hidden = false;
  on.checked = isOn();
  on.addEventListener("change", () => remember(on.checked));
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!(key in BUTTONS || ["j", "k", "?"].includes(key))) return;
    if (!on.checked || isElsewhere(target)) return;
    event.preventDefault();
    press(key);
  });
}
