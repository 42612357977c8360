// How far the import is: asked only while there is one, or where that is all there is to see.
"use strict";

document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt } = event.detail;
  if (elt.id === "progress" && !elt.closest("#working.htmx-request, [data-follow]")) event.preventDefault();
});
