// Counts the friends ticked on the list, and picks "the ticked ones" as soon as one is ticked.
"use strict";
(function () {
  const form = document.getElementById("chosen");
  const told = form && form.querySelector("[data-ticked]");
  if (!told) return;
  form.addEventListener("change", (event) => {
    const ticked = form.querySelectorAll("input[name=id]:checked").length;
    told.textContent = ticked ? ` (${ticked})` : "";
    if (event.target.name === "id" && event.target.checked) form.querySelector("input[name=whom][value=ticked]").checked = true;
  });
})();
