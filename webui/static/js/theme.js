// Chooses dark or light before the page is painted: the person's choice first, then the bench
// (a small touchscreen in a dim room is dark), then what the system prefers.
(function () {
  "use strict";
  const root = document.documentElement;
  const bench = window.matchMedia("(max-width: 1024px) and (max-height: 620px)");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  function apply() {
    const chosen = root.dataset.theme;
    const isDark = chosen === "dark" || (chosen === "auto" && (bench.matches || dark.matches));
    root.dataset.bsTheme = isDark ? "dark" : "light";
  }
  bench.addEventListener("change", apply);
  dark.addEventListener("change", apply);
  apply();
})();
