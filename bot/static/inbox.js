// Keeps the inbox fresh without a reload, counts letters and free seconds, puts in saved replies.
// It never moves the focus and never touches what is being typed. Without it the page's own links reload.
"use strict";
(function () {
  document.documentElement.classList.add("js");
  const inbox = document.getElementById("inbox");
  const field = document.getElementById("text");
  const form = document.getElementById("answer");
  const EVERY = 3000;

  // --- The text: letters, Ctrl+Enter, a draft that outlives the page ---
  function store(value) {
    if (!field || !field.dataset.draft) return;
    try {
      const key = `kokyaku-draft-${field.dataset.draft}`;
      if (value) sessionStorage.setItem(key, value);
      else sessionStorage.removeItem(key);
    } catch {
      // No storage, no draft: the text still stands on the page.
    }
  }

  function stored() {
    try {
      return sessionStorage.getItem(`kokyaku-draft-${field.dataset.draft}`) || "";
    } catch {
      return "";
    }
  }

  if (field && field.dataset.count) {
    const limit = Number(field.dataset.count);
    const counter = document.createElement("div");
    counter.className = "count";
    const over = document.createElement("div");
    over.className = "count is-over";
    over.setAttribute("role", "status");
    field.after(counter, over);
    const count = () => {
      // LINE counts UTF-16 units, and so does a string's length here.
      const length = field.value.length;
      counter.textContent = `${length.toLocaleString("en")} / ${limit.toLocaleString("en")}`;
      const words = length > limit ? field.dataset.over : "";
      if (over.textContent !== words) over.textContent = words;
      store(field.value);
    };
    if (field.dataset.draft && !field.value) field.value = stored();
    field.addEventListener("input", count);
    count();
  }

  if (form && field) {
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
        event.preventDefault();
        form.requestSubmit();
      }
    });
    form.addEventListener("submit", () => {
      store("");
      // The second of two clicks sends nothing; the server would refuse it too.
      window.setTimeout(() => (form.querySelector("[data-send]").disabled = true), 0);
    });
    window.addEventListener("pageshow", () => (form.querySelector("[data-send]").disabled = false));
  }

  function put(text, whole) {
    if (whole && !field.value.trim()) field.value = text;
    else field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.focus();
    field.dispatchEvent(new Event("input"));
  }

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-saved], [data-put], [data-again]");
    if (!target || !field) return;
    event.preventDefault();
    put(target.dataset.saved || target.dataset.put || target.dataset.again, !target.dataset.put);
  });

  if (!inbox) return;

  // --- The free seconds ---
  let freeUntil = 0;
  function startCounting() {
    const place = inbox.querySelector("[data-free-seconds]");
    freeUntil = place ? Date.now() + Number(place.dataset.freeSeconds) * 1000 : 0;
    countDown();
  }

  function countDown() {
    const place = inbox.querySelector("[data-free-seconds]");
    if (!place) return;
    const left = Math.ceil((freeUntil - Date.now()) / 1000);
    const words = place.querySelector("span");
    if (left > 0) {
      words.textContent = place.dataset.counting.replace("{}", left);
      return;
    }
    if (words.textContent !== place.dataset.paid) {
      words.textContent = place.dataset.paid;
      place.classList.remove("is-free");
      // From here on it costs: what is sent now is sent knowing that.
      const free = inbox.querySelector("[data-free]");
      if (free) free.remove();
    }
  }

  // --- Fresh parts ---
  const said = document.getElementById("inbox-said");
  const thread = document.getElementById("thread");
  const title = document.title;
  const shown = new Map();
  let tag = "";
  let newest = inbox.dataset.newest;
  let waiting = Number(inbox.dataset.waiting);

  function toEnd() {
    if (thread) thread.scrollTop = thread.scrollHeight;
  }

  // A picture that comes later pushes the newest words down: who reads at the end stays there.
  let following = true;
  if (thread) thread.addEventListener("scroll", () => (following = isAtEnd()));

  function isAtEnd() {
    return !thread || thread.scrollHeight - thread.scrollTop - thread.clientHeight < 60;
  }

  function swap(name, html) {
    const place = inbox.querySelector(`[data-part="${name}"]`);
    // Form tokens are new each time, and mean nothing new.
    const plain = (html || "").replace(/name="csrf_token" value="[^"]*"/g, "");
    if (html === undefined || !place || shown.get(name) === plain) return;
    const focused = document.activeElement;
    const inside = place !== focused && place.contains(focused);
    const id = inside ? focused.id || focused.getAttribute("href") : "";
    const selection = document.getSelection();
    // Somebody is marking words to copy them: the next round is early enough.
    if (name === "thread" && selection && !selection.isCollapsed && place.contains(selection.anchorNode)) return;
    // A button without a name of its own that has the focus stays until the focus has left it.
    if (inside && !id) return;
    place.innerHTML = html;
    shown.set(name, plain);
    if (inside) {
      const again = Array.from(place.querySelectorAll("[id], a[href]")).find(
        (each) => each.id === id || each.getAttribute("href") === id,
      );
      if (again) again.focus({ preventScroll: true });
    }
  }

  function announce(parts) {
    const words = [];
    if (parts.newest && parts.newest !== newest) words.push(parts.newestWords);
    if (parts.waiting > waiting) words.push(parts.waitingWords);
    newest = parts.newest || newest;
    waiting = parts.waiting;
    if (words.length) said.textContent = words.join(" ");
    document.title = waiting ? `(${waiting}) ${title}` : title;
  }

  function show(parts) {
    const follow = isAtEnd();
    for (const name of ["list", "standing", "thread"]) swap(name, parts[name]);
    const cost = inbox.querySelector('[data-part="cost"]');
    if (cost && parts.cost !== undefined) {
      cost.innerHTML = parts.cost;
      startCounting();
    }
    for (const [selector, value] of [["[data-seen]", parts.seen], ["[data-up-to]", parts.upTo]]) {
      const input = inbox.querySelector(selector);
      if (input && value !== undefined) input.value = value;
    }
    if (follow) toEnd();
    watchPictures();
    announce(parts);
  }

  async function ask() {
    try {
      const answer = await fetch(inbox.dataset.news, {
        headers: { Accept: "application/json", ...(tag ? { "If-None-Match": tag } : {}) },
        redirect: "error",
      });
      if (answer.ok) {
        tag = answer.headers.get("ETag") || "";
        show(await answer.json());
      }
    } catch {
      // The network hiccuped, or the session ended: the page's own links still reload it.
    }
  }

  function watchPictures() {
    for (const picture of inbox.querySelectorAll("img[data-gone]:not([data-watched])")) {
      picture.dataset.watched = "1";
      const gone = () => {
        const words = document.createElement("span");
        words.className = "bubble-caption";
        words.textContent = picture.dataset.gone;
        picture.replaceWith(words, document.createElement("br"));
      };
      if (picture.complete && !picture.naturalWidth && picture.currentSrc) gone();
      else picture.addEventListener("error", gone);
      picture.addEventListener("load", () => {
        if (following) toEnd();
      });
    }
  }

  async function round() {
    // A tab that nobody looks at asks for nothing.
    if (!document.hidden) await ask();
    window.setTimeout(round, EVERY);
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) ask();
  });
  document.title = waiting ? `(${waiting}) ${title}` : title;
  toEnd();
  watchPictures();
  startCounting();
  window.setInterval(countDown, 1000);
  window.setTimeout(round, EVERY);
})();
