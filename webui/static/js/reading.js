// Calling cells: shown at once, ticked when the server has answered, rolled back when it refuses.
(function () {
  "use strict";
  const form = document.getElementById("read");
  const tools = window.scopeside;
  if (!form || !tools.selecting) return;
  const { tiles, selected, select, focus, focused } = tools.selecting;
  const displays = tools.displays;
  const bar = document.querySelector(".read-bar"), head = document.querySelector(".read-head");
  const sheet = document.getElementById("cell-sheet");
  const labels = [...bar.querySelectorAll(".read-label")];
  const SIGNS = { unsure: "?", "not-a-cell": "×" };
  const SETTLE_MS = 500; // a finger that clears a selection must not verify with the same stroke
  const byId = (id) => document.getElementById(`c-${id}`);
  const button = (name) => document.querySelector(`[data-do="${name}"]`);

  // --- what stands on the page ---
  function paint(tile, group) {
    const frame = tile.querySelector(".cell"), mark = tile.querySelector("[data-mark]");
    frame.className = `cell cell-${group}`;
    mark.className = `verdict-mark mark-${group}`;
    mark.textContent = SIGNS[group] || "";
    tile.dataset.group = group;
  }
  const flag = (tile, name, on) => { if (on) tile.dataset[name] = ""; else delete tile.dataset[name]; };
  function put(cell) {
    const tile = byId(cell.id);
    if (!tile) return;
    paint(tile, cell.group);
    flag(tile, "verified", cell.verified);
    flag(tile, "todo", cell.todo);
    if (cell.verifiable) tile.dataset.verifiable = cell.group; else delete tile.dataset.verifiable;
    tile.querySelector(".read-check").setAttribute("aria-label", cell.spoken);
  }
  function state(now) {
    for (const node of document.querySelectorAll("[data-count]")) {
      const code = node.dataset.count;
      node.textContent = code === "all" ? now.total : code === "todo" ? now.todo : now.counts[code];
    }
    head.querySelector("[data-fraction]").textContent = now.fraction || "–";
    head.querySelector("[data-interval]").textContent = now.interval || "blasts";
    bar.querySelector("[data-undo]").textContent = now.undo;
    const undo = button("undo");
    undo.disabled = !now.undo;
    undo.setAttribute("aria-label", now.undo ? `Undo: ${now.undo}` : "Undo");
    button("next").hidden = !now.todo;
    const done = bar.querySelector("[data-done]");
    done.hidden = Boolean(now.todo) || !now.total;
    const submit = bar.querySelector("[data-submit]");
    if (submit) submit.textContent = now.submit;
  }
  function say(sentence) { document.getElementById("read-status").textContent = sentence; }
  const alertBox = document.querySelector(".read-alert");
  function complain(sentence) {
    alertBox.querySelector("p").textContent = sentence;
    alertBox.hidden = !sentence;
  }

  // --- to the server ---
  function post(address, body) {
    return tools.inLine(async () => {
      const { failed, ...carried } = displays ? displays.take() : { failed() {} };
      let sentence = "The appliance does not answer. Nothing was changed; try again.";
      try {
        const headers = { "Content-Type": "application/json" };
        const answer = await tools.send(address, { headers, body: JSON.stringify({ ...carried, ...body }) });
        if (answer.ok && !answer.redirected) return await answer.json();
        const problem = await answer.json();
        sentence = `${problem.detail} ${problem.advice || ""}`;
      } catch (error) { /* the sentence says it */ }
      failed();
      throw new Error(sentence);
    });
  }
  async function change(chosen, groupOf, address, body) {
    const before = chosen.map((tile) => [tile, tile.dataset.group]);
    for (const tile of chosen) { paint(tile, groupOf(tile)); tile.dataset.waiting = ""; }
    complain("");
    try {
      const answer = await post(address, { cell: chosen.map((tile) => tile.dataset.cell), ...body });
      answer.cells.forEach(put);
      state(answer.state);
      say(`${answer.said} ${answer.state.todo} left.`);
      return true;
    } catch (error) {
      for (const [tile, group] of before) paint(tile, group);
      complain(error.message);
      return false;
    } finally {
      for (const tile of chosen) delete tile.dataset.waiting;
      renew();
    }
  }
  function call(chosen, label) {
    if (!chosen.length) {
      complain("Tap the cells first, then what they are.");
      return Promise.resolve(false);
    }
    select(chosen, false);
    return change(chosen, () => label, form.action, { label });
  }
  async function undo() {
    complain("");
    try {
      const answer = await post(button("undo").getAttribute("formaction"), {});
      if (answer.reload) { window.location.reload(); return; }
      answer.cells.forEach(put);
      state(answer.state);
      say(answer.said);
      const tile = answer.cells.map((cell) => byId(cell.id)).find(Boolean);
      if (tile) tile.scrollIntoView({ block: "nearest", behavior: "instant" });
    } catch (error) { complain(error.message); }
    renew();
  }
  async function merge() {
    const chosen = selected();
    try {
      const ids = chosen.map((tile) => tile.dataset.cell);
      const answer = await post(button("merge").getAttribute("formaction"), { cell: ids });
      for (const tile of chosen) tile.dataset.gone = "";
      window.location.hash = `c-${answer.cells[0].id}`;
      window.location.reload();
    } catch (error) { complain(error.message); }
  }

  // --- the rest of the screen ---
  const verify = button("verify");
  let settled = 0;
  function verifiable() {
    if (!displays || performance.now() < settled || selected().length) return [];
    return displays.onScreen().filter((tile) =>
      tile.dataset.verifiable && !("verified" in tile.dataset) && !("waiting" in tile.dataset)
      && displays.isLongEnough(tile));
  }
  async function verifyScreen() {
    const chosen = verifiable();
    if (!chosen.length) return;
    const moved = change(chosen, (tile) => tile.dataset.verifiable, verify.dataset.to, {});
    if (await moved) next();
  }
  function renew() {
    if (!verify) return;
    const many = verifiable().length;
    verify.hidden = !displays;
    verify.disabled = !many;
    verify.querySelector("[data-verify]").textContent = many ? `Verify ${many}` : "Verify";
  }
  if (displays) displays.onChange(renew);
  form.addEventListener("told", (event) => {
    // Seen and called: nothing is left of these.
    for (const tile of event.detail.map(byId)) {
      if (tile && "verified" in tile.dataset && "todo" in tile.dataset) recount(tile);
    }
  });
  function recount(tile) {
    delete tile.dataset.todo;
    const count = document.querySelector('[data-count="todo"]');
    count.textContent = Math.max(0, Number(count.textContent) - 1);
    if (count.textContent === "0") {
      button("next").hidden = true;
      bar.querySelector("[data-done]").hidden = false;
    }
  }

  // --- next ---
  function next() {
    const order = tiles();
    const here = focused();
    const start = here ? order.indexOf(here) + 1 : 0;
    const turned = [...order.slice(start), ...order.slice(0, start)];
    const target = turned.find((tile) => "todo" in tile.dataset);
    if (target) {
      const at = target.getBoundingClientRect(), top = head.getBoundingClientRect().bottom;
      const covered = at.top < top || at.bottom > bar.getBoundingClientRect().top;
      if (covered) window.scrollBy({ top: at.top - top - 8, behavior: "instant" });
      target.querySelector(".read-check").focus({ preventScroll: true });
      focus(target);
      return;
    }
    if (Number(document.querySelector('[data-count="todo"]').textContent) === 0) return;
    const last = order[order.length - 1];
    window.location.assign(`${form.dataset.next}${last ? `?after=${last.dataset.cell}` : ""}`);
  }

  // --- selection ---
  const touching = (chosen) => {
    const boxes = chosen.map((tile) => tile.dataset.box.split(" ").map(Number));
    const meet = ([x, y, w, h], [a, b, c, d]) => x <= a + c && a <= x + w && y <= b + d && b <= y + h;
    const joined = boxes.slice(0, 1);
    let rest = boxes.slice(1);
    for (let more = true; more;) {
      const near = rest.filter((one) => joined.some((other) => meet(one, other)));
      joined.push(...near);
      rest = rest.filter((one) => !near.includes(one));
      more = near.length > 0;
    }
    return !rest.length;
  };
  function choose() {
    const chosen = selected();
    const many = chosen.length;
    head.classList.toggle("selecting", many > 0);
    head.querySelector(".read-selection").hidden = !many;
    head.querySelector("[data-selected]").textContent = `${many} selected`;
    button("open").hidden = many !== 1;
    if (button("merge")) {
      const one = new Set(chosen.map((tile) => tile.dataset.field)).size === 1;
      button("merge").hidden = !(many > 1 && one && touching(chosen));
    }
    settled = performance.now() + SETTLE_MS;
    window.setTimeout(renew, SETTLE_MS + 20);
    complain("");
    renew();
  }
  form.addEventListener("selection", choose);

  // --- one cell, large ---
  async function open(address, id) {
    const again = sheet.open;
    const answer = await fetch(address, { headers: { "X-Part": "cell" } }).catch(() => null);
    if (!answer || !answer.ok || answer.redirected) {
      complain("This cell cannot be opened now. Try again.");
      return;
    }
    const part = await answer.text();
    if (again && !sheet.open) return; // closed in the meantime
    sheet.innerHTML = part;
    sheet.scrollTop = 0;
    if (displays) displays.look(id || sheet.querySelector("[data-shown]").dataset.shown);
    if (!sheet.open) sheet.showModal();
  }
  const openTile = (tile) => open(tile.dataset.address, tile.dataset.cell);
  form.addEventListener("opencell", (event) => openTile(event.detail));
  sheet.addEventListener("close", () => {
    if (displays) displays.look(null);
    const tile = byId(sheet.querySelector("[data-shown]")?.dataset.shown);
    sheet.replaceChildren();
    if (tile) { tile.scrollIntoView({ block: "nearest", behavior: "instant" }); focus(tile); }
  });
  async function callOpened(label) {
    const id = sheet.querySelector("[data-shown]").dataset.shown;
    const tile = byId(id);
    const address = sheet.querySelector("[data-call]").action;
    if (tile) await change([tile], () => label, address, { label });
    else {
      const answer = await post(address, { cell: [id], label }).catch((error) => complain(error.message));
      if (answer) state(answer.state);
    }
    if (sheet.open) await open(sheetAddress(id), id);
  }
  const sheetAddress = (id) => `${form.action.replace(/decide$/, "cells/")}${id}`;
  sheet.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-call]")) return;
    event.preventDefault();
    callOpened(event.submitter.value);
  });
  sheet.addEventListener("click", (event) => {
    const link = event.target.closest("a[rel], a[data-close]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if ("close" in link.dataset) sheet.close(); else open(link.href);
  });

  // --- buttons ---
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const by = event.submitter;
    if (!by) return;
    if (by.name === "label") call(selected(), by.value);
    else if (by.dataset.do === "undo") undo();
    else if (by.dataset.do === "merge") merge();
  });
  document.addEventListener("click", (event) => {
    const by = event.target.closest("[data-do]");
    if (!by || by.closest("#cell-sheet")) return;
    if (by.dataset.do === "clear") select(selected(), false);
    if (by.dataset.do === "open") openTile(selected()[0]);
    if (by.dataset.do === "dismiss") complain("");
    if (by.dataset.do === "verify") verifyScreen();
    if (by.dataset.do === "next") { event.preventDefault(); next(); }
  });

  // --- keys ---
  const KEYS = { b: "blast", n: "normal", u: "unsure", o: "other", x: "not-a-cell" };
  labels.forEach((each, place) => { KEYS[String(place + 1)] = each.value; });
  async function callByKey(label) {
    if (sheet.open) { callOpened(label); return; }
    if (selected().length) { call(selected(), label); return; }
    const tile = focused();
    if (!tile) { call([], label); return; }
    const done = call([tile], label);
    next();
    await done;
  }
  document.addEventListener("keydown", (event) => {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("textarea, select, input:not([type=checkbox])")) return;
    const other = [...document.querySelectorAll("dialog[open]")].some((each) => each !== sheet);
    if (other) return;
    const turn = { ArrowRight: "next", ArrowLeft: "prev" }[key];
    const acts = {
      z: undo,
      ...(sheet.open
        ? { ...(turn && { [key]: () => sheet.querySelector(`a[rel="${turn}"]`)?.click() }) }
        : {
          j: next, v: verifyScreen,
          Escape: () => select(selected(), false),
          ...(focused() && { Enter: () => openTile(focused()) }),
        }),
    };
    const act = KEYS[key] ? () => callByKey(KEYS[key]) : acts[key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  const aimed = byId(window.location.hash.replace("#c-", ""));
  if (aimed) focus(aimed);
  choose();
})();
