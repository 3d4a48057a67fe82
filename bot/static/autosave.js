// A form that saves itself: what is typed is sent two seconds after the last letter, and the page says when that was.
"use strict";
(function () {
  for (const form of document.querySelectorAll("form[data-autosave]")) {
    const kept = form.querySelector("[data-kept]");
    let timer = 0;
    let isLeaving = false;

    async function save() {
      if (isLeaving) return;
      const fields = new FormData(form);
      for (const [name, value] of [...fields]) if (value instanceof File) fields.delete(name);
      try {
        const answer = await fetch(form.dataset.autosave, { method: "POST", body: fields, redirect: "error" });
        if (answer.ok && !isLeaving) kept.textContent = (await answer.text()).trim();
      } catch {
        // The network hiccuped, or the session ended: saving asks to log in and loses nothing.
      }
    }

    function soon() {
      window.clearTimeout(timer);
      timer = window.setTimeout(save, 2000);
    }

    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
    form.addEventListener("submit", () => {
      isLeaving = true;
      window.clearTimeout(timer);
    });
  }
})();
