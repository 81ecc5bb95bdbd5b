// Measures how long each cell is on the screen of a page in the foreground, and tells the server.
// What was never on the screen long enough is not told; the server bounds what it is told.
(function () {
  "use strict";
  const form = document.getElementById("read");
  if (!form || !("IntersectionObserver" in window)) return;
  const LEAST = Number(form.dataset.leastMs);
  const STEP = 200, TELL_EVERY = 3000;
  const NEARLY_WHOLE = 0.8;
  const shown = new Map(); // milliseconds by id
  const untold = new Map(), told = new Set(), visible = new Set();
  let opened = null; // the one cell that is shown large
  let changed = () => {};
  let observer = null;

  function watch() {
    if (observer) observer.disconnect();
    visible.clear();
    const height = (css) => document.querySelector(css)?.offsetHeight || 0;
    const [top, bottom] = [height(".topbar") + height(".read-head"), height(".action-bar")];
    observer = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (entry.intersectionRatio >= NEARLY_WHOLE) visible.add(entry.target);
        else visible.delete(entry.target);
      }
      changed();
    }, { rootMargin: `-${top}px 0px -${bottom}px 0px`, threshold: NEARLY_WHOLE });
    for (const tile of form.querySelectorAll(".read-tile")) observer.observe(tile);
  }
  function looked() {
    if (document.visibilityState !== "visible") return [];
    if (opened) return [opened];
    if (document.querySelector("dialog[open]")) return [];
    return [...visible].map((tile) => tile.dataset.cell);
  }

  let last = performance.now();
  window.setInterval(() => {
    const now = performance.now();
    const passed = Math.min(now - last, 2 * STEP); // not the hours that a laptop slept
    last = now;
    let news = false;
    for (const id of looked()) {
      const before = shown.get(id) || 0;
      shown.set(id, before + passed);
      if (before + passed < LEAST || told.has(id)) continue;
      untold.set(id, Math.round(before + passed));
      news = news || before < LEAST;
    }
    if (news) changed();
  }, STEP);

  // What a request carries is told when it was answered, and is told again when it was not.
  function take() {
    const carried = Object.fromEntries(untold);
    for (const id of untold.keys()) told.add(id);
    untold.clear();
    return {
      shown: carried,
      opened: form.elements.opened.value,
      failed() {
        for (const [id, ms] of Object.entries(carried)) { told.delete(id); untold.set(id, ms); }
      },
    };
  }
  async function tell() {
    if (!untold.size) return;
    const { shown: carried, opened: note, failed } = take();
    const headers = { "Content-Type": "application/json", "X-Poll": "1" };
    const body = JSON.stringify({ shown: carried, opened: note });
    const answer = await window.scopeside
      .send(form.dataset.shownTo, { body, headers, keepalive: true }).catch(() => null);
    if (!answer || !answer.ok) failed();
    else form.dispatchEvent(new CustomEvent("told", { detail: Object.keys(carried) }));
  }
  const tellInLine = () => window.scopeside.inLine(tell);
  window.setInterval(tellInLine, TELL_EVERY);
  document.addEventListener("visibilitychange", tellInLine);
  window.addEventListener("pagehide", tell); // there is no later
  window.addEventListener("resize", watch);
  watch();

  window.scopeside.displays = {
    take,
    isLongEnough: (tile) => (shown.get(tile.dataset.cell) || 0) >= LEAST,
    onScreen: () => [...visible],
    look(id) { opened = id; },
    onChange(callback) { changed = callback; callback(); },
  };
})();
