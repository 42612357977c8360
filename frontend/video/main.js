// The video of the live page, for HLS. A stream that has not begun starts by itself when it does:
// neither browsers nor hls.js ask again for a playlist that is not there yet (hls.js #2068).
"use strict";

(() => {
  const NOT_YET = "The stream has not begun yet. It starts here by itself.";
  const INTERRUPTED = "The stream was interrupted. It goes on here by itself.";
  const UNPLAYABLE = "This browser cannot play the stream.";
  const FIRST_PAUSE_MS = 2000;
  const LONGEST_PAUSE_MS = 15000;
  // Away for longer than this, a viewer goes on with what is said now.
  const LONG_BREAK_MS = 30000;
  // A media error that comes back sooner than this was not recovered from.
  const RECOVERY_MS = 5000;

  const box = document.getElementById("video");
  const video = box.querySelector("video");
  const state = box.querySelector(".video-state");
  const source = box.dataset.src;
  const withHls = Boolean(window.Hls?.isSupported());
  let player = null; // {stop(), liveEdge()}
  let begun = false;
  let pause = FIRST_PAUSE_MS;
  let timer = null;
  let recoveredAt = 0;
  let pausedAt = Infinity;

  function start() {
    timer = null;
    player = withHls ? startHls() : startNative();
  }

  function tryAgain() {
    if (timer) return;
    player.stop();
    state.textContent = begun ? INTERRUPTED : NOT_YET;
    // Jittered, so that a thousand pages do not ask in step.
    timer = setTimeout(start, pause * (0.75 + Math.random() / 2));
    pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
  }

  function startHls() {
    const hls = new Hls({ liveDurationInfinity: true, backBufferLength: 30, capLevelToPlayerSize: true });
    hls.on(Hls.Events.ERROR, (_event, { fatal, type }) => {
      if (fatal && !recover(hls, type)) tryAgain();
    });
    hls.loadSource(source);
    hls.attachMedia(video);
    return { stop: () => hls.destroy(), liveEdge: () => hls.liveSyncPosition };
  }

  function recover(hls, type) {
    if (type !== Hls.ErrorTypes.MEDIA_ERROR || Date.now() - recoveredAt < RECOVERY_MS) return false;
    recoveredAt = Date.now();
    hls.recoverMediaError();
    return true;
  }

  function startNative() {
    video.src = source;
    return { stop: stopNative, liveEdge: () => video.seekable.length && video.seekable.end(0) - 10 };
  }

  function stopNative() {
    video.removeAttribute("src");
    video.load();
  }

  function onMetadata() {
    begun = true;
    state.textContent = "";
    // Where playing is forbidden until a click, the video's own button is there for it.
    video.play().catch(() => {});
  }

  function onPlay() {
    const live = video.duration === Infinity;
    if (live && Date.now() - pausedAt > LONG_BREAK_MS) video.currentTime = player.liveEdge() || video.currentTime;
    pausedAt = Infinity;
  }

  function addSoundButton() {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "unmute", textContent: "Turn the sound on", hidden: true });
    button.addEventListener("click", () => { video.muted = false; });
    const update = () => { button.hidden = !video.muted || video.paused; };
    ["playing", "pause", "emptied", "volumechange"].forEach((name) => video.addEventListener(name, update));
    video.after(button);
  }

  if (!withHls && !video.canPlayType("application/vnd.apple.mpegurl")) {
    state.textContent = UNPLAYABLE;
    return;
  }
  video.addEventListener("loadedmetadata", onMetadata);
  video.addEventListener("playing", () => { pause = FIRST_PAUSE_MS; });
  video.addEventListener("pause", () => { pausedAt = Date.now(); });
  video.addEventListener("play", onPlay);
  if (!withHls) video.addEventListener("error", tryAgain);
  addSoundButton();
  start();
})();
