// The field under the microscope's zoom: the drawn boxes are laid over a picture that can be pinched
// and dragged. A tap on a box shows the cell in the panel. Without it the page is a still picture.
(function () {
  "use strict";
  const stage = document.getElementById("stage");
  const viewerBox = document.getElementById("viewer");
  const panel = document.getElementById("panel");
  if (!stage || !window.OpenSeadragon) return;
  const OSD = window.OpenSeadragon;
  const width = Number(stage.dataset.width), height = Number(stage.dataset.height);
  const boxes = document.getElementById("boxes");
  const cells = [...boxes.querySelectorAll("[data-box]")].map((node) => {
    const [x, y, w, h] = node.dataset.box.split(" ").map(Number);
    return { node, number: Number(node.dataset.cell), x, y, w, h };
  });
  const NEAR_PX = 48; // a box that wide leaves the cell free beside its number
  const widths = cells.map((cell) => cell.w).sort((a, b) => a - b);
  const usual = widths[Math.floor(widths.length / 2)] || width;
  const TOUCH_PX = 24; // half a finger: a tap beside a small box still means it

  const zoom = document.createElement("div");
  zoom.className = "zoom";
  stage.prepend(zoom);
  const viewer = OSD({
    element: zoom,
    tileSources: { type: "image", url: stage.dataset.picture, buildPyramid: true },
    drawer: "canvas",
    showNavigationControl: false,
    visibilityRatio: 0.4,
    maxZoomPixelRatio: 8,
    minZoomImageRatio: 0.8,
    animationTime: window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 0.5,
    gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
    gestureSettingsTouch: { pinchRotate: false, clickToZoom: false, dblClickToZoom: true },
    gestureSettingsPen: { clickToZoom: false },
    keyboardShortcuts: false,
  });
  viewer.addHandler("open", () => {
    stage.classList.add("zoomed");
    stage.querySelector(".tools").hidden = false;
    viewer.addOverlay({ element: boxes, location: new OSD.Rect(0, 0, 1, height / width) });
    stage.querySelector(".still").remove();
    fit();
    const marked = cells.find((cell) => cell.node.classList.contains("chosen"));
    if (marked) centre(marked, true);
  });
  viewer.addHandler("open-failed", () => zoom.remove());
  for (const kind of ["zoom", "resize", "update-viewport"]) viewer.addHandler(kind, fit);

  // Labels keep their size on the screen however far one zooms.
  function fit() {
    const shown = viewer.viewport.getContainerSize().x * viewer.viewport.getZoom(true);
    if (!shown) return;
    boxes.style.setProperty("--px", String(width / shown));
    boxes.classList.toggle("far", usual * (shown / width) < NEAR_PX);
    drawScale(shown / width);
  }

  const scale = document.getElementById("scale-bar");
  function drawScale(screenPerImagePx) {
    if (!scale) return;
    const perUm = screenPerImagePx / Number(stage.dataset.umPerPx);
    const steps = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
    const length = steps.filter((um) => um * perUm <= 160).pop() || steps[0];
    scale.hidden = false;
    scale.querySelector(".scale-bar-line").style.width = `${length * perUm}px`;
    scale.querySelector(".scale-bar-words").textContent = `${length} µm`;
  }

  // --- choosing a cell ---
  function at(x, y) {
    const reach = TOUCH_PX * (width / (viewer.viewport.getContainerSize().x * viewer.viewport.getZoom(true)));
    const near = cells.filter((c) =>
      x > c.x - reach && x < c.x + c.w + reach && y > c.y - reach && y < c.y + c.h + reach);
    const away = (c) => Math.hypot(x - c.x - c.w / 2, y - c.y - c.h / 2);
    return near.sort((one, other) => away(one) - away(other))[0];
  }
  viewer.addHandler("canvas-click", (event) => {
    if (!event.quick) return;
    const point = viewer.viewport.pointFromPixel(event.position);
    const detail = { x: point.x * width, y: point.y * width };
    if (!stage.dispatchEvent(new CustomEvent("pointat", { cancelable: true, detail }))) {
      event.preventDefaultAction = true;
      return;
    }
    const cell = at(point.x * width, point.y * width);
    if (cell) { event.preventDefaultAction = true; choose(cell.number, false); } else close();
  });

  function centre(cell, atOnce) {
    const side = Math.max(cell.w, cell.h) * 5;
    const whole = new OSD.Rect(
      (cell.x + cell.w / 2 - side / 2) / width, (cell.y + cell.h / 2 - side / 2) / width,
      side / width, side / width);
    viewer.viewport.fitBounds(whole, atOnce);
    const covered = getComputedStyle(panel).position === "absolute" && !panel.hasAttribute("data-empty");
    if (!covered) return;
    const shift = viewer.viewport.deltaPointsFromPixels(new OSD.Point(panel.offsetWidth / 2, 0), false);
    viewer.viewport.panBy(shift, atOnce);
  }

  let asked = 0;
  async function choose(number, jump) {
    const cell = cells.find((one) => one.number === number);
    if (!cell) return;
    mark(number);
    const mine = (asked += 1);
    const answer = await fetch(stage.dataset.cells + number).catch(() => null);
    if (mine !== asked || !answer || !answer.ok || answer.redirected) return;
    panel.innerHTML = await answer.text();
    panel.removeAttribute("data-empty");
    panel.scrollTop = 0;
    if (jump) centre(cell, false);
    window.history.replaceState(null, "", `?cell=${number}`);
  }
  function mark(number) {
    for (const cell of cells) cell.node.classList.toggle("chosen", cell.number === number);
    // Drawn last is drawn on top.
    const front = boxes.querySelector(".chosen");
    if (front) boxes.append(front);
    for (const tile of document.querySelectorAll("#strip [data-cell]")) {
      if (Number(tile.dataset.cell) === number) tile.setAttribute("aria-current", "true");
      else tile.removeAttribute("aria-current");
    }
  }
  const hint = panel.querySelector(".panel-hint");
  const blank = hint ? hint.cloneNode(true) : null;
  function close() {
    if (panel.hasAttribute("data-empty")) return;
    mark(0);
    panel.setAttribute("data-empty", "");
    panel.replaceChildren(...(blank ? [blank.cloneNode(true)] : []));
    window.history.replaceState(null, "", window.location.pathname);
  }
  function step(by) {
    const shown = panel.querySelector("[data-shown]");
    const numbers = cells.map((cell) => cell.number).sort((a, b) => a - b);
    if (!numbers.length) return;
    const place = shown ? numbers.indexOf(Number(shown.dataset.shown)) + by : 0;
    choose(numbers[(place + numbers.length) % numbers.length], true);
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("#strip [data-cell], #panel [data-cell]");
    if (link && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      choose(Number(link.dataset.cell), true);
      if (link.closest("#strip")) viewerBox.scrollIntoView({ block: "nearest" });
    } else if (event.target.closest("[data-close]")) {
      event.preventDefault();
      close();
    }
  });

  // --- buttons and keys ---
  const tools = {
    in: () => viewer.viewport.zoomBy(1.6),
    out: () => viewer.viewport.zoomBy(1 / 1.6),
    home: () => viewer.viewport.goHome(),
    boxes(button) {
      const off = boxes.classList.toggle("off");
      button.setAttribute("aria-pressed", String(!off));
    },
    full() {
      if (document.fullscreenElement) document.exitFullscreen();
      else viewerBox.requestFullscreen().catch(() => {});
    },
  };
  const press = (name) => tools[name](stage.querySelector(`[data-tool="${name}"]`));
  stage.querySelector(".tools").addEventListener("click", (event) => {
    const button = event.target.closest("[data-tool]");
    if (button) press(button.dataset.tool);
  });
  document.addEventListener("fullscreenchange", () => {
    const full = stage.querySelector('[data-tool="full"]');
    full.setAttribute("aria-pressed", String(Boolean(document.fullscreenElement)));
  });
  const turn = (rel) => document.querySelector(`.page-header a[rel="${rel}"]`)?.click();
  const keys = {
    "+": () => press("in"), "=": () => press("in"), "-": () => press("out"), 0: () => press("home"),
    b: () => press("boxes"), f: () => press("full"), n: () => step(1), p: () => step(-1),
    "]": () => turn("next"), "[": () => turn("prev"), Escape: close,
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, dialog[open]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
})();
