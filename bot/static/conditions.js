// Makes the builder of conditions pleasant: its buttons fetch the builder anew instead of the page, the count follows
// what is typed, and long lists suggest by what is typed. Without it the same buttons send the page's form.
"use strict";
(function () {
  document.documentElement.classList.add("js");
  const PAUSE = 500;

  function later(wait, work) {
    let timer = 0;
    return (...given) => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => work(...given), wait);
    };
  }

  // Only the builder's own fields, and urlencoded: a multipart body may have no more than a thousand parts.
  function fieldsOf(root, button) {
    const prefix = root.dataset.conditions;
    const fields = new URLSearchParams({ prefix });
    for (const element of root.querySelectorAll("input, select, textarea")) {
      if (!element.name || (element.type === "checkbox" && !element.checked)) continue;
      fields.append(element.name, element.value);
    }
    if (button) fields.append(button.name, button.value);
    return fields;
  }

  async function ask(url, root, button, signal) {
    const answer = await fetch(url, {
      method: "POST",
      body: fieldsOf(root, button),
      headers: { "X-CSRFToken": root.dataset.csrf },
      redirect: "error",
      signal,
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.text();
  }

  function focusIn(root) {
    const id = root.dataset.focus;
    let place = root.querySelector("[autofocus]") || (id && document.getElementById(id));
    if (!place && id) {
      // At the end of a list the button that was pressed is gone: the other one, or the condition itself.
      const name = id.replace(/\.(up|down)$/, "");
      place = document.getElementById(`${name}.up`) || document.getElementById(`${name}.down`) || document.getElementById(`${name}.is`) || document.getElementById(name);
    }
    if (place && place.matches("fieldset.conditions-group")) place = place.querySelector("select");
    if (place) place.focus({ preventScroll: false });
  }

  async function redraw(root, button) {
    root.inert = true;
    let page;
    try {
      page = await ask(root.dataset.url, root, button);
    } catch {
      // The network hiccuped or the session ended: as without scripts, where nothing typed is lost either.
      root.inert = false;
      root.dataset.plain = "1";
      root.closest("form").requestSubmit(button.isConnected ? button : undefined);
      return;
    }
    const holder = document.createElement("template");
    holder.innerHTML = page;
    const fresh = holder.content.querySelector("[data-conditions]");
    root.replaceWith(fresh);
    focusIn(fresh);
    fresh.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function rootOf(element) {
    return element instanceof Element ? element.closest("[data-conditions]") : null;
  }

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button[name$='.do']") : null;
    const root = rootOf(button);
    if (!root || root.dataset.plain) return;
    event.preventDefault();
    redraw(root, button);
  });

  document.addEventListener("change", (event) => {
    const root = rootOf(event.target);
    if (root && event.target.matches("[data-refresh]")) {
      root.dataset.focus = event.target.id;
      const id = event.target.id;
      redraw(root, root.querySelector("button[value='show']")).then(() => document.getElementById(id)?.focus());
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.target instanceof Element) || !event.target.matches(".conditions-more input")) return;
    event.preventDefault();
    event.target.parentElement.querySelector("button").click();
  });

  const suggest = later(250, async (field, list) => {
    const root = rootOf(field);
    const words = field.value.trim();
    if (!root || !words) return;
    const query = new URLSearchParams({ source: list.dataset.source, about: list.dataset.about, words });
    try {
      const answer = await fetch(`${root.dataset.choices}?${query}`, { redirect: "error" });
      if (!answer.ok) return;
      const found = await answer.json();
      list.replaceChildren(...found.map((each) => new Option(each.label === each.value ? "" : each.label, each.value)));
    } catch {
      // What was suggested before stays.
    }
  });

  document.addEventListener("input", (event) => {
    const field = event.target;
    const list = field instanceof HTMLInputElement && field.list;
    if (list && list.dataset.source && rootOf(field)) suggest(field, list);
    const root = rootOf(field);
    if (root) count(root.dataset.conditions);
  });

  const asking = new Map();

  const count = later(PAUSE, async (prefix) => {
    const root = document.getElementById(prefix);
    const panel = document.querySelector(`[data-counts="${prefix}"]`);
    if (!root || !panel) return;
    asking.get(prefix)?.abort();
    const mine = new AbortController();
    asking.set(prefix, mine);
    const busy = panel.querySelector("[data-busy]");
    busy.hidden = false;
    try {
      panel.querySelector("[data-result]").innerHTML = await ask(panel.dataset.url, root, null, mine.signal);
      age();
    } catch {
      if (mine.signal.aborted) return;
    }
    busy.hidden = true;
  });

  // "14:30:05 counted" grows stale: says how long ago it was.
  const units = [[3600, "hour"], [60, "minute"], [1, "second"]];
  function age() {
    const language = document.documentElement.lang || "ja";
    const words = new Intl.RelativeTimeFormat(language, { numeric: "always" });
    for (const place of document.querySelectorAll("[data-counted-at]")) {
      if (!place.dataset.since) {
        place.dataset.since = String(Date.now());
        place.title = place.textContent;
      }
      const seconds = Math.max(Math.round((Date.now() - Number(place.dataset.since)) / 1000), 0);
      const [size, unit] = units.find(([size]) => seconds >= size) || units[2];
      const fresh = language === "ja" ? "たった今" : "just now";
      place.textContent = seconds < 5 ? fresh : words.format(-Math.floor(seconds / size), unit);
    }
  }
  window.setInterval(age, 5000);

  for (const panel of document.querySelectorAll("[data-counts]")) count(panel.dataset.counts);
  for (const root of document.querySelectorAll("[data-focus]")) focusIn(root);
})();
