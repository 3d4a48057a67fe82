// The message editor: a preview that follows the typing and saves it, counted letters, facts put in at the cursor.
// Without it the buttons of the form do the same, a page load at a time.
"use strict";
(function () {
  const form = document.getElementById("message-form");
  if (!form) return;
  document.documentElement.classList.add("js-on");
  const preview = document.getElementById("preview");
  const kept = document.getElementById("kept");
  let last = null;
  let timer = 0;
  let asked = 0;
  let isLeaving = false;

  function count(field) {
    if (!field.dataset.limit) return;
    let counter = field.parentElement.querySelector(".count");
    if (!counter) {
      counter = document.createElement("div");
      counter.className = "form-text count";
      field.after(counter);
    }
    // LINE counts UTF-16 units, and so does a string's length here.
    const limit = Number(field.dataset.limit);
    counter.textContent = `${field.value.length.toLocaleString("en")} / ${limit.toLocaleString("en")}`;
    counter.classList.toggle("text-danger", field.value.length > limit);
  }

  function showSlot(select) {
    for (const part of form.querySelectorAll(`[data-slot="${select.dataset.shows}"]`)) {
      part.classList.toggle("is-idle", !part.dataset.when.split(" ").includes(select.value));
    }
  }

  function showErrors(errors) {
    for (const place of form.querySelectorAll("[data-errors]")) {
      const told = errors[place.dataset.errors] || [];
      place.replaceChildren(...told.map((words) => Object.assign(document.createElement("div"), { textContent: words })));
      const field = document.getElementById(place.id.replace(/-error$/, ""));
      if (field) field.classList.toggle("is-invalid", told.length > 0 && field.value !== "");
      // An empty field is no mistake while somebody is still writing.
      if (field && field.value === "") place.replaceChildren();
    }
  }

  async function refresh() {
    // What is being saved must not be kept as unsaved again.
    if (isLeaving) return;
    const mine = ++asked;
    try {
      const typed = new FormData(form);
      // Files travel by themselves (pictures.js), not with every letter.
      for (const [name, value] of [...typed]) if (value instanceof File) typed.delete(name);
      const answer = await fetch(form.dataset.preview, { method: "POST", body: typed, redirect: "error" });
      if (!answer.ok || mine !== asked) return;
      const found = await answer.json();
      const focused = document.activeElement && preview.contains(document.activeElement) ? document.activeElement.id : "";
      preview.innerHTML = found.html;
      if (focused) document.getElementById(focused)?.focus();
      showErrors(found.errors);
      kept.textContent = found.kept.trim();
    } catch {
      // The network hiccuped, or the session ended: saving asks to log in and loses nothing.
    }
  }

  function soon() {
    window.clearTimeout(timer);
    timer = window.setTimeout(refresh, 600);
  }

  for (const field of form.elements) count(field);
  for (const select of form.querySelectorAll("[data-shows]")) showSlot(select);

  form.addEventListener("submit", () => { isLeaving = true; });
  window.addEventListener("pageshow", () => { isLeaving = false; });

  form.addEventListener("focusin", (event) => {
    if (event.target.dataset.facts) last = event.target;
  });
  document.addEventListener("input", (event) => {
    if (event.target.form !== form) return;
    count(event.target);
    soon();
  });
  document.addEventListener("change", (event) => {
    if (event.target.form !== form) return;
    if (event.target.dataset.shows) showSlot(event.target);
    if ("submits" in event.target.dataset) {
      form.requestSubmit(form.querySelector('button[name="do"]'));
      return;
    }
    soon();
  });
  document.getElementById("as_q").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    soon();
  });

  document.querySelector(".fact-tool").hidden = false;
  document.getElementById("insert-fact").addEventListener("click", () => {
    const field = last || form.querySelector("[data-facts]");
    if (!field) return;
    const option = document.getElementById("fact").selectedOptions[0];
    const instead = document.getElementById("instead").value.replace(/[{}|\n]/g, "").trim();
    const name = field.dataset.facts === "en" ? option.dataset.en : option.value;
    const at = field.selectionStart ?? field.value.length;
    field.setRangeText(`{${name}${instead ? `|${instead}` : ""}}`, at, field.selectionEnd ?? at, "end");
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });

  const wrong = document.querySelector(".is-invalid");
  if (wrong) wrong.focus();
})();
