// What every page needs beside HTMX: times in the reader's own zone, countdowns, and a word when
// the server cannot be reached.
"use strict";

(() => {
  const UNREACHABLE = "The server cannot be reached just now. What you typed is still here: try again in a moment.";
  const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

  function localize(root) {
    for (const time of root.querySelectorAll("time[data-local]")) {
      time.textContent = moment.format(new Date(time.dateTime));
      time.removeAttribute("data-local");
    }
  }

  function remaining(seconds) {
    const parts = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
    const first = parts.findIndex(([size]) => seconds >= size);
    return parts.slice(first, first + 2).map(([size, name]) => {
      const count = Math.floor(seconds / size);
      seconds %= size;
      return `${count} ${name}${count === 1 ? "" : "s"}`;
    }).join(", ");
  }

  function count() {
    for (const line of document.querySelectorAll(".countdown")) {
      const seconds = Math.floor((new Date(line.dataset.until) - Date.now()) / 1000);
      line.textContent = seconds > 0 ? `${remaining(seconds)} to go` : "It is about to begin.";
      line.hidden = false;
    }
  }

  function show(text) {
    const line = document.createElement("p");
    line.className = "error";
    line.textContent = text;
    document.getElementById("alert").replaceChildren(line);
  }

  document.addEventListener("htmx:afterSettle", (event) => { localize(event.target); count(); });
  document.addEventListener("htmx:sendError", () => show(UNREACHABLE));
  document.addEventListener("htmx:timeout", () => show(UNREACHABLE));
  // An action's failure stays until one succeeds; that a poll does, which goes on by itself, says nothing.
  let polled = false;
  document.addEventListener("htmx:afterRequest", ({ detail: { requestConfig, xhr } }) => {
    const poll = !requestConfig.triggeringEvent;
    if (!xhr.status || xhr.getResponseHeader("HX-Retarget")) polled = poll;
    else if (poll === polled) document.getElementById("alert").replaceChildren();
  });

  localize(document);
  count();
  setInterval(count, 1000);
})();
