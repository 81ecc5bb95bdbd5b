// Arrow keys walk over the tiles of a gallery as they stand on the screen. Without it, Tab does.
(function () {
  "use strict";
  const gallery = document.getElementById("gallery");
  if (!gallery) return;
  const tiles = [...gallery.querySelectorAll(".cell-tile")];
  function columns() {
    const top = tiles[0].offsetTop;
    const wrapped = tiles.findIndex((tile) => tile.offsetTop > top);
    return wrapped < 0 ? tiles.length : wrapped;
  }
  const steps = { ArrowRight: () => 1, ArrowLeft: () => -1, ArrowDown: columns, ArrowUp: () => -columns() };
  gallery.addEventListener("keydown", (event) => {
    const place = tiles.indexOf(event.target.closest(".cell-tile"));
    if (place < 0) return;
    let target = -1;
    if (event.key === "Home") target = 0;
    else if (event.key === "End") target = tiles.length - 1;
    else if (steps[event.key]) target = place + steps[event.key]();
    if (!tiles[target]) return;
    event.preventDefault();
    tiles[target].focus();
  });
})();
