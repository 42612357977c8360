// Muting in a dialog, so that the lists stay in view. Without it the link leads to the employee's page.

/** Open the form where it is asked for, and close it when it worked. */
export function watchDialogOfMutes() {
  const dialog = document.getElementById("mute-dialog");
  if (!(dialog instanceof HTMLDialogElement)) return;
  document.addEventListener("click", async (event) => {
    const { target } = event;
    const link = target instanceof Element ? target.closest(/** @type {"a"} */ ("[data-mute]")) : null;
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    await htmx.ajax("GET", link.pathname, { target: "#mute-place", swap: "innerHTML" });
    if (document.getElementById("mute-form")) dialog.showModal();
  });
  document.addEventListener("htmx:afterRequest", ({ detail: { requestConfig, xhr } }) => {
    if (dialog.contains(requestConfig.elt) && xhr.status < 300) dialog.close();
  });
}
