// Asks each second how far a broadcast has come; when its state changes the page is loaded anew.
"use strict";
(function () {
  const panel = document.getElementById("progress");
  if (!panel || !panel.dataset.url) return;

  function set(selector, value) {
    const place = panel.querySelector(selector);
    if (place) place.textContent = value.toLocaleString("en");
  }

  function show(figures) {
    if (figures.state !== panel.dataset.state || (figures.total > 0 && !panel.querySelector("[data-bar]"))) {
      window.location.reload();
      return false;
    }
    set("[data-done]", figures.done);
    set("[data-total]", figures.total);
    for (const [state, count] of Object.entries(figures.counts)) set(`[data-count="${state}"]`, count);
    const bar = panel.querySelector("[data-bar]");
    if (bar) {
      bar.max = figures.total;
      bar.value = figures.done;
    }
    return true;
  }

  async function ask() {
    let again = true;
    try {
      const answer = await fetch(panel.dataset.url, { headers: { Accept: "application/json" }, redirect: "error" });
      if (answer.ok) again = show(await answer.json());
    } catch {
      // The network hiccuped, or the session ended: the page's own link still reloads it.
    }
    if (again) window.setTimeout(ask, 1000);
  }

  window.setTimeout(ask, 1000);
})();
