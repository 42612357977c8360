// What every page needs beside HTMX: saying that the server could not be reached.
"use strict";

(() => {
  const UNREACHABLE = "The server cannot be reached just now. What you typed is still here: try again in a moment.";

  function show(text) {
    const line = document.createElement("p");
    line.className = "error";
    line.textContent = text;
    document.getElementById("alert").replaceChildren(line);
  }

  document.addEventListener("htmx:sendError", () => show(UNREACHABLE));
  document.addEventListener("htmx:timeout", () => show(UNREACHABLE));
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) document.getElementById("alert").replaceChildren();
  });
})();
