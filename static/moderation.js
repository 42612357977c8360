// The moderation page refreshes itself. Not while somebody is about to press a row's button: the
// row under the pointer would become another, and the click remove the wrong message.
"use strict";

(() => {
  const AIMING_MS = 5000; // A pointer that was only left lying there holds nothing up.
  let movedAt = -AIMING_MS;

  const isAiming = () => performance.now() - movedAt < AIMING_MS && document.querySelector("#board .tools:hover") !== null;
  const isPoll = (element) => element.classList.contains("poll");

  document.addEventListener("pointermove", () => { movedAt = performance.now(); });
  document.addEventListener("click", () => { movedAt = -AIMING_MS; });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isPoll(event.detail.elt) && isAiming()) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (isPoll(event.detail.requestConfig.elt) && isAiming()) event.detail.shouldSwap = false;
  });
})();
