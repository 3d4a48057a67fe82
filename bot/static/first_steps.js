// Looks every two seconds whether a step was done elsewhere (a webhook came, a friend was added); then loads the page anew.
"use strict";
(function () {
  const page = document.getElementById("first-steps");
  if (!page) return;
  const until = Date.now() + 30 * 60 * 1000;

  async function ask() {
    try {
      const answer = await fetch(page.dataset.url, { headers: { Accept: "application/json" }, redirect: "error" });
      if (answer.ok && (await answer.json()).mark !== page.dataset.mark) {
        window.location.reload();
        return;
      }
    } catch {
      // The network hiccuped, or the session ended: a reload by hand does the same.
    }
    if (Date.now() < until) window.setTimeout(ask, 2000);
  }

  window.setTimeout(ask, 2000);
})();
