// Keeps a page up to date while images are read: asks every second as long as one waits, less often
// otherwise, and renews only the rows that changed. Asking does not keep the session open.
(function () {
  "use strict";
  const FAST_MS = 1000, SLOW_MS = 15000, MANY = 100;
  const box = document.querySelector("[data-progress]");
  if (!box) return;
  const words = box.querySelector("[data-progress-words]");
  const bar = box.querySelector("[data-progress-bar]");
  const more = box.querySelector("[data-progress-more]");
  let timer = 0, asking = false, again = false, first = null, last = null;

  function later(ms) {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, ms);
  }

  async function ask() {
    if (asking) { again = true; return; }
    asking = true;
    again = false;
    let pause = SLOW_MS;
    try {
      const answer = await window.scopeside.poll(box.dataset.progress);
      if (answer.ok) {
        last = await answer.json();
        pause = show(last);
      }
    } catch (error) { pause = FAST_MS * 5; /* the appliance does not answer just now */ }
    asking = false;
    later(again ? 0 : pause);
  }

  function show(progress) {
    say(progress);
    if (bar) { bar.max = Math.max(progress.total, 1); bar.value = progress.read; }
    if (first === null) first = progress.read;
    if (more && progress.read > first) more.hidden = false;
    for (const field of progress.fields) renew(field);
    if (!progress.waiting || document.hidden) return SLOW_MS;
    return progress.total > MANY ? 3 * FAST_MS : FAST_MS;
  }

  // The upload page knows of files that never became images; it adds them to the words.
  function say(progress) {
    const detail = { progress, words: progress.words };
    document.dispatchEvent(new CustomEvent("scopeside:progress", { detail }));
    if (words && words.textContent !== detail.words) words.textContent = detail.words;
  }

  async function renew(field) {
    if (box.dataset.reloadFor === field.id && box.dataset.state !== field.state) {
      window.location.reload();
      return;
    }
    const row = document.querySelector(`[data-field="${field.id}"]`);
    if (!row || row.dataset.state === field.state) return;
    if (row.querySelector("form")?.contains(document.activeElement)) return; // somebody types there
    await renewRow(row, field.id);
  }

  async function renewRow(row, id) {
    if (row.dataset.renewing) return;
    row.dataset.renewing = "1";
    const fresh = await fetchRow(id).catch(() => null);
    delete row.dataset.renewing;
    if (fresh) row.replaceWith(fresh);
  }

  async function fetchRow(id) {
    const address = box.dataset.row.replace("{id}", id);
    const answer = await fetch(address, { headers: { "X-Poll": "1" } });
    if (!answer.ok) return null;
    const holder = document.createElement("template");
    holder.innerHTML = await answer.text();
    return holder.content.querySelector("li");
  }

  window.scopeside.progress = {
    fetchRow, renewRow,
    ask() { window.clearTimeout(timer); ask(); },
    retell() { if (last) say(last); },
  };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  ask();
})();
