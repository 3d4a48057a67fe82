// Follows the system's light or dark scheme, unless one was chosen; without JavaScript the page stays light.
"use strict";
(function () {
  if (document.documentElement.dataset.theme) return;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  function apply() {
    document.documentElement.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  }
  apply();
  dark.addEventListener("change", apply);
})();
