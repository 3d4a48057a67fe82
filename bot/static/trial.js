// Asks each second how far a dry run has come; at its end the page is loaded anew.
"use strict";
(function () {
  const panel = document.getElementById("trial");
  if (!panel) return;

  async function ask() {
    try {
      const answer = await fetch(panel.dataset.url, { headers: { Accept: "application/json" }, redirect: "error" });
      if (answer.ok) {
        const came = await answer.json();
        if (came.ended) {
          window.location.reload();
          return;
        }
        panel.querySelector("[data-done]").textContent = came.done.toLocaleString("en");
        panel.querySelector("[data-bar]").value = came.done;
      }
    } catch {
      // The network hiccuped, or the session ended: the page's own link still reloads it.
    }
    window.setTimeout(ask, 1000);
  }

  window.setTimeout(ask, 1000);
})();
