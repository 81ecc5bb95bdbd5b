// Sends the chosen or dropped files one by one, three at a time, each with its own row. A request
// that got no answer is sent again: the appliance knows the same bytes and keeps them once.
(function () {
  "use strict";
  const AT_ONCE = 3, WAITS_S = [1, 2, 4, 8, 15];
  const zone = document.getElementById("dropzone");
  const rows = document.getElementById("rows");
  const template = document.getElementById("new-row");
  if (!zone) return;
  const input = document.getElementById("files");
  const leave = document.querySelector("[data-leave]");
  const KEY = `scopeside-not-taken-${document.body.dataset.username}-${zone.dataset.examination}`;
  const queue = [];
  let running = 0;

  zone.classList.add("scripted");
  for (const part of zone.querySelectorAll("[data-with-script]")) part.hidden = false;
  for (const part of zone.querySelectorAll("[data-without-script]")) part.hidden = true;

  // --- choosing ---
  input.addEventListener("change", () => { add(input.files); input.value = ""; });
  zone.addEventListener("submit", (event) => event.preventDefault());
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.add("over"); });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) zone.classList.remove("over");
  });
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    add(await filesOf(event.dataTransfer));
  });

  // A dropped folder is taken with all that lies in it.
  async function filesOf(transfer) {
    const entries = [...(transfer.items || [])].map((i) => i.webkitGetAsEntry && i.webkitGetAsEntry());
    if (!entries.some((entry) => entry && entry.isDirectory)) return [...transfer.files];
    const found = [];
    for (const entry of entries) if (entry) await walk(entry, found);
    return found;
  }
  async function walk(entry, found) {
    if (entry.isFile) {
      if (!entry.name.startsWith(".")) found.push(await new Promise((yes, no) => entry.file(yes, no)));
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const part = await new Promise((yes, no) => reader.readEntries(yes, no));
      if (!part.length) return;
      for (const child of part) await walk(child, found);
    }
  }

  function add(files) {
    const most = Number(zone.dataset.maxFiles), mb = Number(zone.dataset.maxMb);
    const jobs = [...files].map((file, place) => {
      const job = makeRow(file.name);
      job.file = file;
      if (place >= most) {
        refuse(job, `At most ${most} files are taken at a time. Send this one afterwards.`, false);
      } else if (file.size > mb * 1e6) {
        refuse(job, `This file has ${(file.size / 1e6).toFixed(0)} MB; at most ${mb} MB are taken.`, false);
      } else queue.push(job);
      return job;
    });
    for (const job of jobs.reverse()) rows.prepend(job.row);
    if (jobs.length) showList();
    next();
  }

  // --- rows ---
  function showList() {
    rows.hidden = false;
    document.body.classList.remove("no-images");
    zone.classList.add("compact");
    document.getElementById("no-rows")?.remove();
  }
  function makeRow(name) {
    const row = template.content.firstElementChild.cloneNode(true);
    row.querySelector("[data-name]").textContent = name;
    const job = { row, name, tries: 0 };
    mark(job, "queued", "");
    row.querySelector("[data-again]").addEventListener("click", () => { job.tries = 0; start(job); });
    row.querySelector("[data-drop]").addEventListener("click", () => {
      row.remove();
      remember();
      window.scopeside.progress.retell();
    });
    return job;
  }
  function mark(job, state, note) {
    job.state = state;
    job.row.dataset.upload = state;
    job.row.classList.toggle("is-broken", state === "broken" || state === "lost");
    const tag = document.querySelector(`[data-tag-for="${state}"]`).content.cloneNode(true);
    job.row.querySelector("[data-tag]").replaceChildren(tag);
    job.row.querySelector("[data-note]").textContent = note;
    job.row.querySelector("[data-bar]").hidden = !["queued", "sending", "checking"].includes(state);
    job.row.querySelector("[data-again]").hidden = state !== "lost";
    job.row.querySelector("[data-drop]").hidden = !["broken", "lost", "known"].includes(state);
  }
  function refuse(job, sentence, mayTryAgain) {
    mark(job, mayTryAgain ? "lost" : "broken", sentence);
    if (!mayTryAgain) job.file = null;
    remember();
    window.scopeside.progress.retell();
  }

  // What was not taken stays listed, also after a look at another page.
  function remember() {
    const broken = [...rows.querySelectorAll('[data-upload="broken"], [data-upload="lost"]')].map((row) => [
      row.querySelector("[data-name]").textContent, row.querySelector("[data-note]").textContent]);
    sessionStorage.setItem(KEY, JSON.stringify(broken));
  }
  for (const [name, sentence] of JSON.parse(sessionStorage.getItem(KEY) || "[]").reverse()) {
    const job = makeRow(name);
    mark(job, "broken", sentence);
    rows.prepend(job.row);
    showList();
  }

  // --- sending ---
  function next() {
    while (running < AT_ONCE && queue.length) start(queue.shift());
    leave.hidden = !(running || queue.length);
    window.scopeside.progress.retell();
  }
  function start(job) {
    running += 1;
    leave.hidden = false;
    send(job).finally(() => { running -= 1; next(); });
  }
  async function send(job) {
    mark(job, "sending", "");
    const answer = await post(job);
    if (answer.body && answer.body.taken) return taken(job, answer.body);
    if (answer.status === 401) return refuse(job, "Nobody is signed in any more. Sign in, then try again.", true);
    if (answer.status && answer.status < 500) return refuse(job, said(answer), false);
    if (job.tries < WAITS_S.length && answer.status !== 507 && answer.status !== 500) {
      await pause(WAITS_S[job.tries], job);
      job.tries += 1;
      return send(job);
    }
    return refuse(job, answer.status ? said(answer) : "The appliance could not be reached.", true);
  }
  function said(answer) {
    const body = answer.body || {};
    return `${body.detail || "This file could not be taken."} ${body.advice || ""}`.trim();
  }
  function pause(seconds, job) {
    mark(job, "sending", `The connection dropped. Sending again in ${seconds} s.`);
    return new Promise((go) => {
      const timer = window.setTimeout(go, seconds * 1000);
      window.addEventListener("online", () => { window.clearTimeout(timer); go(); }, { once: true });
    });
  }
  function post(job) {
    const bar = job.row.querySelector("[data-bar]");
    const form = new FormData();
    form.append("file", job.file, job.name);
    return new Promise((done) => {
      const request = new XMLHttpRequest();
      request.open("POST", zone.dataset.api);
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("X-CSRFToken", document.querySelector('meta[name="csrf-token"]').content);
      request.responseType = "json";
      request.upload.addEventListener("progress", (event) => {
        bar.value = event.total ? event.loaded / event.total : 0;
        const percent = Math.round(bar.value * 100);
        if (percent < 100) job.row.querySelector("[data-note]").textContent = `${percent} % sent`;
      });
      request.upload.addEventListener("load", () => {
        bar.removeAttribute("value");
        mark(job, "checking", "");
      });
      request.addEventListener("loadend", () => done({ status: request.status, body: request.response }));
      request.send(form);
    });
  }

  // Each page of the file becomes a row of its own, made by the appliance.
  async function taken(job, body) {
    const progress = window.scopeside.progress;
    job.file = null;
    const shown = [];
    for (const page of body.taken) {
      const known = rows.querySelector(`[data-field="${page.field.id}"]`);
      if (page.duplicate && known) {
        shown.push(`image ${page.field.number}`);
        continue;
      }
      const row = await progress.fetchRow(page.field.id).catch(() => null);
      if (row) job.row.before(row);
    }
    if (shown.length) mark(job, "known", `Already in this examination as ${shown.join(", ")}; kept once.`);
    else job.row.remove();
    progress.ask();
  }

  document.addEventListener("scopeside:progress", (event) => {
    const { progress } = event.detail;
    const broken = rows.querySelectorAll('[data-upload="broken"], [data-upload="lost"]').length;
    const total = progress.total + broken + running + queue.length, need = progress.need_you + broken;
    if (!total || total === progress.total) return;
    const needing = need ? `; ${need} ${need === 1 ? "needs" : "need"} you` : "";
    event.detail.words = `${progress.read} of ${total} read${needing}`;
  });

  // --- going on with an image that failed the gate, without leaving the page ---
  rows.addEventListener("submit", async (event) => {
    const form = event.target.closest("[data-override]");
    if (!form) return;
    event.preventDefault();
    const answer = await window.scopeside.send(form.action, { body: new FormData(form) }).catch(() => null);
    const row = form.closest("[data-field]");
    if (answer && answer.ok) {
      document.activeElement.blur();
      await window.scopeside.progress.renewRow(row, row.dataset.field);
      window.scopeside.progress.ask();
      return;
    }
    const body = answer ? await answer.json() : { detail: "The appliance does not answer. Try again." };
    const error = form.querySelector("[data-error]");
    error.hidden = false;
    error.querySelector("span").textContent = (body.fields && body.fields.reason) || body.detail;
  });

  rows.addEventListener("toggle", (event) => {
    if (event.target.open) event.target.scrollIntoView({ block: "center" });
  }, true);

  window.addEventListener("beforeunload", (event) => {
    if (running || queue.length) event.preventDefault();
  });
})();
