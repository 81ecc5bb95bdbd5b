// Phrases beside a text: a button adds its sentence where the text ends. Without this, the button
// sends the form, and the page comes back with the sentence in it.
(function () {
  "use strict";
  for (const button of document.querySelectorAll("[data-phrase]")) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      const text = document.getElementById(button.dataset.phrase);
      text.value = [text.value.trimEnd(), button.innerText.trim()].filter(Boolean).join("\n");
      text.dispatchEvent(new Event("input", { bubbles: true }));
      text.scrollTop = text.scrollHeight;
    });
  }
})();
