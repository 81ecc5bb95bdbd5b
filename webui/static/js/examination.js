// Renews steps, counts and images of an examination when progress.js reports that something changed.
(function () {
  "use strict";
  const box = document.getElementById("examination");
  const PARTS = ["steps", "people", "results", "verdict", "images", "further", "actions"];
  let known = null, asking = false, again = false;

  document.addEventListener("scopeside:progress", (event) => {
    const progress = event.detail.progress;
    const line = document.querySelector("[data-progress]");
    if (line) line.hidden = !progress.waiting;
    const states = progress.fields.map((field) => field.id + field.state).join();
    if (known !== null && known !== states) renew();
    known = states;
  });

  async function renew() {
    if (asking) { again = true; return; }
    asking = true;
    again = false;
    try {
      const answer = await fetch(box.dataset.live, { headers: { "X-Poll": "1" } });
      if (answer.ok) show(await answer.text());
    } catch (error) { /* the next change asks again */ }
    asking = false;
    if (again) renew();
  }

  function show(html) {
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    for (const id of PARTS) {
      const old = document.getElementById(id);
      const part = fresh.content.getElementById(id);
      if (old && part && !old.contains(document.activeElement)) old.replaceWith(part);
    }
  }
})();
