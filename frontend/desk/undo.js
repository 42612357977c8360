// Undo in place: the page stays, with what is being typed. Elsewhere a toast's form loads a page.

/** The fields that tell the answer which messages the page shows. */
function wantedFields() {
  const fields = document.querySelectorAll(/** @type {"input"} */ ("#message-lists .wanted"));
  return Object.fromEntries([...fields].map(({ name, value }) => [name, value]));
}

/** @param {string} address */
function listOf(address) {
  return document.getElementById(address.includes("/questions/") ? "desk" : "board");
}

/** Send the form of a toast with HTMX where its list is on the page. */
export function undoInPlace() {
  /** @type {Element | null} */
  let last = null;
  document.addEventListener("focusin", ({ target }) => {
    if (target instanceof Element && target.closest("[data-row]")) last = target;
  });
  document.addEventListener("submit", async (event) => {
    const form = event.target instanceof HTMLFormElement ? event.target : null;
    const list = form?.closest("#toasts") ? listOf(form.action) : null;
    if (!form || !list) return;
    event.preventDefault();
    const values = { ...wantedFields(), desk: document.getElementById("message-lists") ? "1" : "" };
    const token = new FormData(form).get("csrf_token");
    const toast = form.closest(".toast");
    await htmx.ajax("POST", form.action, {
      target: list,
      swap: "morph",
      values: { ...values, csrf_token: String(token) },
    });
    const hadFocus = toast?.contains(document.activeElement);
    toast?.remove();
    const place = last?.isConnected ? last : document.querySelector("#messages-title, #board button");
    if (hadFocus && place instanceof HTMLElement) place.focus();
  });
}
