// Shows only the fields of the chosen option, inserts facts into texts, counts letters.
// Without it every field stands open and everything still works.
"use strict";
(function () {
  document.documentElement.classList.add("js");

  function showChosen(name) {
    const chosen = document.querySelector(`input[name="${name}"]:checked`);
    for (const part of document.querySelectorAll(`[data-choice="${name}"]`)) {
      part.classList.toggle("is-chosen", Boolean(chosen) && part.dataset.when === chosen.value);
    }
  }

  const names = new Set(Array.from(document.querySelectorAll("[data-choice]"), (part) => part.dataset.choice));
  for (const name of names) {
    showChosen(name);
    for (const input of document.querySelectorAll(`input[name="${name}"]`)) {
      input.addEventListener("change", () => showChosen(name));
    }
  }

  for (const button of document.querySelectorAll("[data-labels]")) {
    const inputs = document.querySelectorAll(`input[name="${button.dataset.labels}"]`);
    const say = () => {
      const chosen = Array.from(inputs).find((input) => input.checked);
      if (chosen) button.textContent = chosen.value === "later" ? button.dataset.labelLater : button.dataset.labelNow;
    };
    for (const input of inputs) input.addEventListener("change", say);
    say();
  }

  for (const button of document.querySelectorAll("[data-insert]")) {
    button.addEventListener("click", () => {
      const field = document.getElementById(button.dataset.into);
      field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
      field.focus();
      field.dispatchEvent(new Event("input"));
    });
  }

  for (const field of document.querySelectorAll("[data-count]")) {
    const counter = document.createElement("div");
    counter.className = "form-text text-end";
    field.after(counter);
    const limit = Number(field.dataset.count);
    const show = () => {
      // LINE counts UTF-16 units, and so does a string's length here.
      counter.textContent = `${field.value.length.toLocaleString("en")} / ${limit.toLocaleString("en")}`;
      counter.classList.toggle("text-danger", field.value.length > limit);
    };
    field.addEventListener("input", show);
    show();
  }

  const wrong = document.querySelector(".is-invalid");
  if (wrong) wrong.focus();
})();
