// Watches a piece of work and loads the page anew when it is over; shows a changed column mapping at once.
"use strict";
(function () {
  document.documentElement.classList.add("js");
  const work = document.querySelector("[data-work]");
  if (work) watch(work);

  const mapping = document.getElementById("mapping");
  const look = mapping && mapping.querySelector("[data-look]");
  if (look) {
    for (const field of mapping.querySelectorAll("select")) field.addEventListener("change", () => look.click());
  }

  function watch(panel) {
    const bar = panel.querySelector("progress");

    function show(told) {
      if (!told.live) {
        window.location.reload();
        return false;
      }
      const words = told.phase && panel.dataset[told.phase];
      if (words) panel.querySelector("[data-phase]").textContent = words;
      if (told.total > 0) {
        bar.max = told.total;
        bar.value = told.done;
        panel.querySelector("[data-share]").textContent = `${Math.floor((100 * told.done) / told.total)}%`;
      }
      return true;
    }

    async function ask() {
      let again = true;
      try {
        const answer = await fetch(panel.dataset.work, { headers: { Accept: "application/json" }, redirect: "error" });
        if (answer.ok) again = show(await answer.json());
      } catch {
        // The network hiccuped, or the session ended: the page's own link still loads it.
      }
      if (again) window.setTimeout(ask, 1000);
    }

    window.setTimeout(ask, 500);
  }
})();
