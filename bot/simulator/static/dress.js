// Puts measures that came as data onto elements: the page allows no inline styles.
"use strict";

function dress(root) {
  for (const element of root.querySelectorAll("[data-css]")) {
    for (const [name, value] of Object.entries(JSON.parse(element.dataset.css))) {
      element.style.setProperty(name, value);
    }
  }
  markDays();
}

function markDays() {
  let day = "";
  for (const row of document.querySelectorAll(".chat > .row")) {
    row.classList.toggle("new-day", row.dataset.day !== day);
    day = row.dataset.day;
  }
}

// A picture that cannot be loaded leaves a quiet grey field, as in the app.
document.addEventListener("error", (event) => {
  if (event.target instanceof HTMLImageElement) event.target.classList.add("missing");
}, true);

for (const image of document.images) {
  if (image.complete && !image.naturalWidth) image.classList.add("missing");
}
dress(document);
