// Copies an address or a key to the clipboard; without it one selects the text and copies by hand.
"use strict";
(function () {
  document.documentElement.classList.add("js");

  function textOf(source) {
    return "value" in source ? source.value : source.textContent;
  }

  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(textOf(source).trim());
      button.textContent = button.dataset.copied;
      window.setTimeout(() => { button.textContent = before; }, 2000);
    } catch {
      // Over plain http browsers give no clipboard: mark the text, so that one keystroke copies it.
      if (source.select) source.select();
      else window.getSelection().selectAllChildren(source);
    }
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", () => copy(button));
  }
})();
