// Shows only the fields that matter, and draws the menu anew while it is being made.
// Without it all fields stand open, and the picture is the one last saved.
"use strict";
(function () {
  document.documentElement.classList.add("js");
  const form = document.getElementById("menu-form");
  if (!form) return;
  const layout = document.getElementById("layout");
  const picture = document.querySelector("[data-menu-picture]");
  const bar = document.querySelector("[data-menu-bar]");

  function showFields() {
    const cells = Number(layout.selectedOptions[0].dataset.cells);
    for (const area of form.querySelectorAll("[data-area]")) area.toggleAttribute("data-unused", Number(area.dataset.area) >= cells);
    for (const choice of form.querySelectorAll("[data-does]")) {
      for (const field of form.querySelectorAll(`[data-of="${choice.dataset.does}"]`)) {
        field.classList.toggle("is-hidden", field.dataset.when !== choice.value);
      }
    }
    bar.textContent = document.getElementById("chat_bar_text").value;
  }

  let waiting = 0;
  let asked = 0;
  async function draw() {
    const mine = ++asked;
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form), redirect: "error" });
      if (!answer.ok || mine !== asked) return;
      const reader = new FileReader();
      reader.onload = () => {
        picture.removeAttribute("height");
        picture.src = reader.result;
      };
      reader.readAsDataURL(await answer.blob());
    } catch {
      // The network hiccuped, or the session ended: what is typed stays, and saving asks to log in.
    }
  }

  form.addEventListener("input", () => {
    showFields();
    if (!form.dataset.preview) return;
    window.clearTimeout(waiting);
    waiting = window.setTimeout(draw, 500);
  });
  showFields();
  const isOwn = document.querySelector('input[name="ours"]');
  if (form.dataset.preview && !isOwn) draw();
  const wrong = form.querySelector(".is-invalid");
  if (wrong) wrong.focus();
})();
