// One cell shown large: where the network looked, and splitting it at the places that are tapped.
(function () {
  "use strict";
  function within(element) {
    const cell = element.closest(".read-cell");
    return { cell, crop: cell.querySelector(".read-crop"), split: cell.querySelector("[data-split]") };
  }
  function prepare() {
    for (const button of document.querySelectorAll('.read-cell [data-do="attention"]')) button.hidden = false;
  }
  function look(button) {
    const { cell } = within(button);
    const map = cell.querySelector("mask [data-href]");
    if (map) map.setAttribute("href", map.dataset.href); // fetched for who asks
    const on = cell.classList.toggle("looked");
    button.setAttribute("aria-pressed", String(on));
  }

  // --- splitting: the first press asks for the middles, the second splits ---
  const centres = (split) => split.querySelectorAll('[name="centre"]');
  function say(split) {
    const many = centres(split).length;
    split.querySelector("[data-split-label]").textContent =
      many > 1 ? `Split into ${many}` : many ? "Tap one more" : "Split by its nucleus";
    split.querySelector('[data-do="split"]').disabled = many === 1;
  }
  function begin(split, cell) {
    cell.classList.add("splitting");
    split.querySelector("[data-split-words]").hidden = false;
    split.querySelector('[data-do="keep-whole"]').hidden = false;
    say(split);
  }
  function end(split, cell) {
    cell.classList.remove("splitting");
    for (const each of centres(split)) each.remove();
    cell.querySelector("[data-centres]").replaceChildren();
    split.querySelector("[data-split-words]").hidden = true;
    split.querySelector('[data-do="keep-whole"]').hidden = true;
    split.querySelector('[data-do="split"]').disabled = false;
    split.querySelector("[data-split-label]").textContent = "Split";
  }
  function mark(crop, split, event) {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(crop.getScreenCTM().inverse());
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name: "centre", value: `${at.x.toFixed(1)},${at.y.toFixed(1)}` });
    split.append(input);
    const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    const radius = crop.viewBox.baseVal.width / 40;
    for (const [name, value] of [["cx", at.x], ["cy", at.y], ["r", radius]]) dot.setAttribute(name, value);
    crop.querySelector("[data-centres]").append(dot);
    say(split);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".read-cell [data-do]");
    if (button) {
      const { cell, split } = within(button);
      if (button.dataset.do === "attention") look(button);
      if (button.dataset.do === "keep-whole") end(split, cell);
      if (button.dataset.do === "split" && !cell.classList.contains("splitting")) {
        event.preventDefault();
        begin(split, cell);
      }
      return;
    }
    const crop = event.target.closest(".splitting .read-crop");
    if (crop) mark(crop, within(crop).split, event);
  });
  new MutationObserver(prepare).observe(document.getElementById("main"), { childList: true, subtree: true });
  prepare();
})();
