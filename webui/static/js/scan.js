// A barcode scanner is a keyboard that types fast and ends with Enter. Whatever has the focus, what
// it reads goes into one box in place of what stood there: a search is sent off, a form is not.
(function () {
  "use strict";
  const GAP_MS = 60, SHORTEST = 4;
  const search = document.querySelector("[data-scan]");
  const form = document.querySelector("[data-scan-into]");
  const box = search || (form && document.getElementById(form.dataset.scanInto));
  if (!box) return;
  let burst = "", last = -Infinity;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Enter") {
      if (burst.length >= SHORTEST && event.timeStamp - last < GAP_MS) take(event);
      burst = "";
      return;
    }
    if (event.key.length !== 1) return;
    burst = event.timeStamp - last < GAP_MS ? burst + event.key : event.key;
    last = event.timeStamp;
    // Shortcuts keep their keys; a letter or digit that nothing else waits for goes into the box.
    const waited = event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select, summary");
    if (!waited && /[\p{L}\p{N}]/u.test(event.key)) {
      box.focus();
      box.select();
    }
  }, true);

  function take(event) {
    event.preventDefault();
    event.stopPropagation();
    const other = event.target;
    if (other !== box && typeof other.value === "string" && other.value.endsWith(burst)) {
      other.value = other.value.slice(0, -burst.length);
    }
    box.value = burst;
    if (search) box.form.requestSubmit();
    else box.focus();
  }
})();
