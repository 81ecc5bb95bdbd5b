// The frame of every page: menus that close, notices that can be dismissed, the idle cover, and
// the CSRF token on requests made by scripts. Pages work without it, except for the cover.
(function () {
  "use strict";
  const token = () => document.querySelector('meta[name="csrf-token"]').content;

  let line = Promise.resolve();
  // For the scripts of pages: fetch with our token; the answer is asked for as JSON.
  window.scopeside = {
    send(address, options) {
      const given = options || {};
      const headers = Object.assign(
        { "X-CSRFToken": token(), Accept: "application/json" }, given.headers);
      return fetch(address, Object.assign({ method: "POST" }, given, { headers }));
    },
    // One after the other, where an answer must not be older than what was sent after it.
    inLine(act) {
      const mine = line.then(act);
      line = mine.catch(() => {});
      return mine;
    },
    poll(address) {
      return fetch(address, { headers: { "X-Poll": "1", Accept: "application/json" } });
    },
  };

  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = token();
    const trigger = event.detail.elt.getAttribute("hx-trigger") || "";
    if (/every|load/.test(trigger)) event.detail.headers["X-Poll"] = "1";
  });
  // Errors in words are shown above the page, also when a part of it asked.
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.requestConfig.headers["X-Poll"]) return;
    const message = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    const notice = message.querySelector(".notice");
    if (notice) document.getElementById("notices").append(notice);
  });

  document.addEventListener("click", (event) => {
    const dismiss = event.target.closest("[data-dismiss]");
    if (dismiss) dismiss.closest(".notice").remove();
    for (const open of document.querySelectorAll("details.drop[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
    const opener = event.target.closest("[data-open]");
    if (opener) document.getElementById(opener.dataset.open).showModal();
    const reveal = event.target.closest("[data-reveal]");
    if (reveal) {
      const field = document.getElementById(reveal.dataset.reveal);
      const shown = field.type === "text";
      field.type = shown ? "password" : "text";
      reveal.setAttribute("aria-pressed", String(!shown));
    }
    const fill = event.target.closest("[data-fill]");
    if (fill) {
      document.getElementById("username").value = fill.dataset.fill;
      for (const tile of document.querySelectorAll("[data-fill]")) {
        tile.setAttribute("aria-pressed", String(tile === fill));
      }
      document.getElementById("password").focus();
    }
  });
  // --- keys: listed under "?" ---
  const isTyping = (element) => element.matches(
    "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    const sheet = document.getElementById("shortcuts");
    if (!sheet || event.ctrlKey || event.metaKey) return;
    const main = document.querySelector(".action-bar .button-main");
    const search = document.querySelector('input[type="search"]');
    if (event.altKey && event.key === "Enter" && main) {
      event.preventDefault();
      main.click();
    } else if (event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) {
      return;
    } else if (event.key === "?") {
      sheet.showModal();
    } else if (event.key === "/" && search) {
      event.preventDefault();
      search.focus();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const open of document.querySelectorAll("details.drop[open]")) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });
  // A second press of a button while the first is under way would do the thing twice.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  const wrong = document.querySelector('[aria-invalid="true"]');
  if (wrong) (wrong.matches("fieldset") ? wrong.querySelector("input") : wrong).focus();

  // --- the cover: after idle minutes the page is hidden, not lost ---
  const idleSeconds = Number(document.body.dataset.idleSeconds || 0);
  const cover = document.getElementById("cover");
  if (!idleSeconds || !cover) return;
  const KEY = "scopeside-touched";
  let lastKeptAlive = Date.now();

  function touched() {
    const now = Date.now();
    localStorage.setItem(KEY, String(now));
    // Reading a page for long is activity too: tell the server, at most twice an idle span.
    if (now - lastKeptAlive > (idleSeconds * 1000) / 3) {
      lastKeptAlive = now;
      window.scopeside.send("/sign-in/touch").catch(() => {});
    }
  }
  function isIdle() {
    return Date.now() - Number(localStorage.getItem(KEY) || 0) >= idleSeconds * 1000;
  }
  function watch() {
    if (isIdle() && !cover.open) {
      cover.showModal();
      document.title = "Covered · Scopeside";
    }
  }
  const title = document.title;
  touched();
  for (const kind of ["pointerdown", "keydown", "wheel"]) {
    document.addEventListener(kind, () => { if (!cover.open) touched(); }, { passive: true });
  }
  window.setInterval(watch, 1000);
  document.addEventListener("visibilitychange", watch);
  cover.addEventListener("cancel", (event) => event.preventDefault());
  cover.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = document.getElementById("cover-password");
    const said = document.getElementById("cover-error");
    const body = new URLSearchParams({ password: field.value, username: document.body.dataset.username });
    said.hidden = true;
    let sentence = "The appliance does not answer. Try again.";
    try {
      const answer = await window.scopeside.send(cover.dataset.action, { body });
      if (answer.ok) {
        field.value = "";
        document.title = title;
        touched();
        cover.close();
        return;
      }
      sentence = (await answer.json()).detail;
    } catch (error) { /* the sentence above says it */ }
    said.textContent = sentence;
    said.hidden = false;
    field.select();
  });
})();
