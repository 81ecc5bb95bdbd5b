// Selecting tiles: a tap selects one, a drag all that lie between, two taps open; arrows walk.
// Without it every tile is a tick box.
(function () {
  "use strict";
  const form = document.getElementById("read");
  if (!form) return;
  form.classList.add("scripted-read");
  const TWO_TAPS_MS = 350, DRAG_PX = 12, EDGE_PX = 60, CLICK_MS = 700;
  const tiles = () => [...form.querySelectorAll(".read-tile:not([data-gone])")];
  const box = (tile) => tile.querySelector(".read-check");
  const tell = () => form.dispatchEvent(new CustomEvent("selection"));
  const selected = () => tiles().filter((tile) => box(tile).checked);
  function select(chosen, on) {
    for (const tile of chosen) box(tile).checked = on;
    tell();
  }
  form.addEventListener("change", tell);

  // --- fingers and mouse ---
  let drag = null, lastTap = { tile: null, at: 0 };
  form.addEventListener("pointerdown", (event) => {
    const tile = event.target.closest(".read-tile");
    if (!tile || event.button !== 0 || event.target.closest("a")) return;
    drag = { tile, x: event.clientX, y: event.clientY, on: !box(tile).checked, moved: false, before: null };
  });
  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > DRAG_PX;
    if (!drag.moved && !far) return;
    if (!drag.moved) {
      drag.moved = true;
      drag.before = new Map(tiles().map((tile) => [tile, box(tile).checked]));
    }
    event.preventDefault();
    const y = event.clientY;
    const head = document.querySelector(".read-head").getBoundingClientRect().bottom;
    const foot = document.querySelector(".action-bar").getBoundingClientRect().top;
    if (y < head + EDGE_PX / 2) window.scrollBy(0, -14);
    if (y > foot - EDGE_PX / 2) window.scrollBy(0, 14);
    const over = document.elementFromPoint(event.clientX, y)?.closest(".read-tile");
    if (over) reach(over);
  });
  function reach(tile) {
    const order = tiles();
    const [from, to] = [order.indexOf(drag.tile), order.indexOf(tile)].sort((a, b) => a - b);
    order.forEach((each, place) => {
      box(each).checked = place >= from && place <= to ? drag.on : drag.before.get(each);
    });
    tell();
  }
  // A finger in a glove slides a little, and then no click follows: the tap is taken here.
  let taken = 0;
  document.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const { tile, moved, on } = drag;
    drag = null;
    taken = event.timeStamp;
    if (moved) return;
    select([tile], on);
    const again = lastTap.tile === tile && event.timeStamp - lastTap.at < TWO_TAPS_MS;
    lastTap = again ? { tile: null, at: 0 } : { tile, at: event.timeStamp };
    // The second tap has taken back what the first selected.
    if (again) form.dispatchEvent(new CustomEvent("opencell", { detail: tile }));
  });
  form.addEventListener("click", (event) => {
    const byPointer = event.detail > 0 && event.timeStamp - taken < CLICK_MS;
    if (byPointer && event.target.closest(".read-tile") && !event.target.closest("a")) event.preventDefault();
  });
  document.addEventListener("pointercancel", () => { drag = null; });
  form.addEventListener("dragstart", (event) => event.preventDefault());

  // --- keys: one tile is reached by Tab, the others by arrows ---
  function focus(tile) {
    for (const each of tiles()) box(each).tabIndex = each === tile ? 0 : -1;
    box(tile).focus();
  }
  const focused = () => document.activeElement?.closest(".read-tile");
  function neighbour(tile, key) {
    const order = tiles();
    const place = order.indexOf(tile);
    if (key === "ArrowRight") return order[place + 1];
    if (key === "ArrowLeft") return order[place - 1];
    if (key === "Home") return order[0];
    if (key === "End") return order[order.length - 1];
    const here = tile.getBoundingClientRect();
    const down = key === "ArrowDown";
    const rows = order.map((each) => [each, each.getBoundingClientRect()])
      .filter(([, at]) => (down ? at.top > here.top + 8 : at.top < here.top - 8));
    if (!rows.length) return null;
    const tops = rows.map(([, at]) => at.top);
    const row = down ? Math.min(...tops) : Math.max(...tops);
    const away = (at) => Math.abs(at.left - here.left);
    return rows.filter(([, at]) => Math.abs(at.top - row) < 8)
      .sort(([, a], [, b]) => away(a) - away(b))[0][0];
  }
  const WALK = new Set(["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "Home", "End"]);
  document.addEventListener("keydown", (event) => {
    if (!WALK.has(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    const tile = focused();
    if (!tile && document.activeElement !== document.body) return;
    const target = tile ? neighbour(tile, event.key) : tiles()[0];
    if (!target) return;
    event.preventDefault();
    if (event.shiftKey && tile) select([tile, target], true);
    focus(target);
  });
  const first = tiles()[0];
  for (const tile of tiles()) box(tile).tabIndex = tile === first ? 0 : -1;

  window.scopeside.selecting = { tiles, selected, select, focus, focused };
})();
