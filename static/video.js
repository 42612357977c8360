// The video of the live page, for HLS. A stream that has not begun starts by itself when it does:
// neither browsers nor hls.js ask again for a playlist that is not there yet (hls.js #2068).
"use strict";

(() => {
  const NOT_YET = "The stream has not begun yet. It starts here by itself.";
  const FIRST_PAUSE_MS = 2000;
  const LONGEST_PAUSE_MS = 15000;

  const box = document.getElementById("video");
  const video = box.querySelector("video");
  const state = box.querySelector(".video-state");
  const source = box.dataset.src;
  let pause = FIRST_PAUSE_MS;
  let stop = () => {};
  let timer = null;

  function tryAgain() {
    if (timer) return;
    stop();
    state.textContent = NOT_YET;
    // Jittered, so that a thousand pages do not ask in step.
    timer = setTimeout(start, pause * (0.75 + Math.random() / 2));
    pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
  }

  function start() {
    timer = null;
    stop = window.Hls?.isSupported() ? startHls() : startNative();
  }

  function startHls() {
    const hls = new Hls({ liveDurationInfinity: true, backBufferLength: 30 });
    let recovered = 0;
    hls.on(Hls.Events.ERROR, (_event, { fatal, type }) => {
      if (!fatal) return;
      if (type === Hls.ErrorTypes.MEDIA_ERROR && recovered++ < 2) hls.recoverMediaError();
      else tryAgain();
    });
    hls.loadSource(source);
    hls.attachMedia(video);
    return () => hls.destroy();
  }

  function startNative() {
    video.src = source;
    video.play().catch(() => {});
    return () => video.removeAttribute("src");
  }

  video.addEventListener("playing", () => {
    state.textContent = "";
    pause = FIRST_PAUSE_MS;
  });
  video.addEventListener("loadedmetadata", () => video.play().catch(() => { state.textContent = ""; }));
  video.addEventListener("error", () => { if (!window.Hls?.isSupported()) tryAgain(); });
  // After a pause of minutes, go on with what is said now.
  video.addEventListener("play", () => {
    const end = video.seekable.length ? video.seekable.end(video.seekable.length - 1) : 0;
    if (end - video.currentTime > 30) video.currentTime = end - 5;
  });

  start();
})();
