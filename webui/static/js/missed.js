// Adding a missed cell: point at it in the zoomed field, then say what it is. Without it a page of
// its own takes the point.
(function () {
  "use strict";
  const stage = document.getElementById("stage");
  const form = document.getElementById("missed");
  const begin = document.querySelector("[data-missed]");
  const boxes = document.getElementById("boxes");
  if (!form || !window.OpenSeadragon) return;
  const words = form.querySelector("[data-missed-words]");
  const labels = form.querySelector(".missed-labels");
  const widths = [...boxes.querySelectorAll("[data-box]")]
    .map((box) => Number(box.dataset.box.split(" ")[2])).sort((one, other) => one - other);
  const usual = widths[Math.floor(widths.length / 2)] || Number(stage.dataset.width) / 20;
  let mark = null;

  function point(x, y) {
    if (!mark) {
      mark = document.createElementNS("http://www.w3.org/2000/svg", "g");
      mark.setAttribute("class", "missed-mark");
      for (let ring = 0; ring < 2; ring += 1) {
        const circle = document.createElementNS("http://www.w3.org/2000/svg", "circle");
        circle.setAttribute("r", usual / 2);
        mark.append(circle);
      }
      boxes.append(mark);
    }
    mark.setAttribute("transform", `translate(${x} ${y})`);
    form.elements.x.value = x.toFixed(1);
    form.elements.y.value = y.toFixed(1);
    words.textContent = "What is it?";
    labels.hidden = false;
  }
  function open() {
    form.hidden = false;
    begin.hidden = true;
    stage.classList.add("pointing");
    words.textContent = "Tap the missed cell";
    labels.hidden = true;
  }
  function close() {
    form.hidden = true;
    begin.hidden = false;
    stage.classList.remove("pointing");
    if (mark) mark.remove();
    mark = null;
  }
  stage.addEventListener("pointat", (event) => {
    if (form.hidden) return;
    event.preventDefault();
    point(event.detail.x, event.detail.y);
  });
  begin.addEventListener("click", (event) => {
    if (!stage.classList.contains("zoomed")) return;
    event.preventDefault();
    open();
  });
  form.querySelector("[data-missed-end]").addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea, select, dialog[open]") || event.ctrlKey || event.metaKey) return;
    if (event.key === "a" && form.hidden) open();
    if (event.key === "Escape" && !form.hidden) close();
  });
})();
