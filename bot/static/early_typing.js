// Somebody quick may type or choose before the page's scripts are there to hear of it: they are told as soon as they are.
// Comes first and at once; all other scripts have run when the document is ready.
"use strict";
(function () {
  const KINDS = ["input", "change"];
  const missed = new Map();

  function note(event) {
    const kinds = missed.get(event.target) || new Set();
    missed.set(event.target, kinds.add(event.type));
  }

  function tell() {
    for (const kind of KINDS) document.removeEventListener(kind, note, true);
    for (const [field, kinds] of missed) {
      for (const kind of kinds) field.dispatchEvent(new Event(kind, { bubbles: true }));
    }
  }

  for (const kind of KINDS) document.addEventListener(kind, note, true);
  document.addEventListener("DOMContentLoaded", tell, { once: true });
})();
