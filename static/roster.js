// The roster refreshes itself. Not while somebody is being corrected: what is typed would be gone.
"use strict";

(() => {
  const holds = (event) => event.detail.elt.id === "rows" && document.querySelector("#rows form") !== null;
  document.addEventListener("htmx:beforeRequest", (event) => { if (holds(event)) event.preventDefault(); });
  // An answer that was on its way when the form came does not take its place either.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.requestConfig.elt.id === "rows" && document.querySelector("#rows form") !== null) event.detail.shouldSwap = false;
  });
})();
