// One friend's hands and eyes: taps and texts go to the simulator, new messages come without a reload.
"use strict";

const phone = document.querySelector(".phone");
const chat = phone.querySelector(".chat");
const input = phone.querySelector(".compose input");
const user = phone.dataset.user;
const words = JSON.parse(phone.dataset.words);
let last = Number(phone.dataset.last);
let looking = false;

const atEnd = () => chat.scrollHeight - chat.scrollTop - chat.clientHeight < 80;
const toEnd = () => { chat.scrollTop = chat.scrollHeight; };

function say(text) {
  const toast = phone.querySelector(".toast");
  toast.textContent = text;
  toast.hidden = false;
  setTimeout(() => { toast.hidden = true; }, 2000);
}

async function act(name, body = {}) {
  const answer = await fetch(`/sim/friends/${user}/${name}`, { method: "POST", body: JSON.stringify(body) });
  const done = await answer.json();
  if (!answer.ok) say(done.message);
  await look();
  return done;
}

async function look() {
  if (looking) return;
  looking = true;
  try {
    const answer = await fetch(`/phone/${user}/updates?after=${last}&lang=${phone.dataset.lang}`);
    show(await answer.json());
  } catch {
    say(words.offline);
  } finally {
    looking = false;
  }
}

function show(news) {
  const follow = atEnd();
  for (const bubble of news.bubbles) {
    if (chat.querySelector(`[data-key="${bubble.key}"]`)) continue;
    chat.insertAdjacentHTML("beforeend", bubble.html);
  }
  for (const id of news.gone) forget(chat.querySelector(`[data-id="${id}"]`));
  replace(".quick", news.quick);
  replaceMenu(news.menu);
  last = news.last;
  phone.dataset.standing = news.standing;
  input.disabled = news.standing === "blocked";
  dress(phone);
  if (follow) toEnd();
}

function forget(row) {
  if (!row || row.querySelector(".unsent")) return;
  const note = document.createElement("div");
  note.className = "unsent";
  note.textContent = words.unsent;
  row.querySelector(".line").firstElementChild.replaceWith(note);
  row.querySelector("[data-unsend]")?.remove();
}

function replace(where, html) {
  const place = phone.querySelector(where);
  if (place.dataset.html === html) return;
  place.dataset.html = html;
  place.innerHTML = html;
}

function replaceMenu(html) {
  const id = (text) => /data-menu="([^"]*)"/.exec(text)?.[1];
  const place = phone.querySelector(".menu-place");
  if (id(place.innerHTML) === id(html)) return;
  place.innerHTML = html;
}

function pickMoment(action) {
  const dialog = document.querySelector(".picker");
  const field = dialog.querySelector("input");
  field.type = action.mode === "datetime" ? "datetime-local" : action.mode;
  field.value = (action.initial || "").replace("t", "T");
  field.min = action.min || "";
  field.max = action.max || "";
  dialog.returnValue = "";
  dialog.onclose = () => {
    if (dialog.returnValue === "ok" && field.value) perform(action, { [action.mode]: field.value });
  };
  dialog.showModal();
}

async function perform(action, params = null) {
  const done = await act("tap", { action, params });
  if (done.fill) fill(done.fill);
  if (done.input === "openKeyboard") input.focus();
  if (done.copied) {
    await navigator.clipboard?.writeText(done.copied).catch(() => undefined);
    say(words.copied);
  }
}

function fill(text) {
  input.value = text;
  input.focus();
}

function tapped(element) {
  const { open, fill: text, action, note } = element.dataset;
  if (open) window.open(open, "_blank", "noopener");
  else if (text !== undefined) fill(text);
  else if (note) say(words.ignored);
  else if (action) {
    const wanted = JSON.parse(action);
    if (wanted.type === "datetimepicker") pickMoment(wanted);
    else perform(wanted);
  }
}

phone.addEventListener("click", (event) => {
  const bar = event.target.closest(".menu-bar");
  if (bar) {
    const menu = bar.parentElement;
    menu.dataset.open = menu.dataset.open === "yes" ? "no" : "yes";
    bar.setAttribute("aria-expanded", String(menu.dataset.open === "yes"));
    return;
  }
  const hand = event.target.closest("[data-act]");
  if (hand) { act(hand.dataset.act); return; }
  const undo = event.target.closest("[data-unsend]");
  if (undo) { act("unsend", { messageId: undo.dataset.unsend }); return; }
  const tap = event.target.closest("[data-tap]");
  if (tap) tapped(tap);
});

phone.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-tap]")) tapped(event.target);
});

phone.querySelector(".compose").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value.trim();
  if (!text) return;
  input.value = "";
  toEnd();
  act("text", { text });
});

input.disabled = phone.dataset.standing === "blocked";
if (input.value) input.focus();
toEnd();
setInterval(look, 1000);
