// A barcode scanner is a keyboard that types fast and ends with Enter: whatever has the focus, what
// it reads goes into the search box, in place of what stood there.
(function () {
  "use strict";
  const GAP_MS = 60, SHORTEST = 4;
  const box = document.querySelector("[data-scan]");
  if (!box) return;
  let burst = "", last = -Infinity;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const elsewhere = event.target !== box;
    if (event.key === "Enter") {
      if (burst.length >= SHORTEST && event.timeStamp - last < GAP_MS) submit(event);
      burst = "";
      return;
    }
    if (event.key.length !== 1) return;
    burst = event.timeStamp - last < GAP_MS ? burst + event.key : event.key;
    last = event.timeStamp;
    // Shortcuts keep their keys; a letter or digit that nothing else waits for starts a search.
    if (elsewhere && /[\p{L}\p{N}]/u.test(event.key) && !event.target.closest("input, textarea, select, summary")) {
      box.focus();
      box.select();
    }
  }, true);

  function submit(event) {
    event.preventDefault();
    event.stopPropagation();
    box.value = burst;
    box.form.requestSubmit();
  }
})();
