// Pictures beside their fields: uploaded as soon as they are chosen. Without it the form takes them along when it is sent.
"use strict";
(function () {
  function part(field, name) {
    return field.querySelector(`.picture-${name}`);
  }

  function addressOf(field) {
    return part(field, "address").querySelector("input:not([type=hidden])");
  }

  function tell(field, words) {
    const place = field.querySelector("[data-errors]");
    place.replaceChildren(...words.map((each) => Object.assign(document.createElement("div"), { textContent: each })));
    field.querySelector("input[type=file]").classList.toggle("is-invalid", words.length > 0);
  }

  function put(field, address, html) {
    const chosen = part(field, "chosen");
    chosen.innerHTML = html;
    chosen.hidden = !html;
    part(field, "address").hidden = Boolean(html);
    const input = addressOf(field);
    input.value = address;
    // The preview follows, and what is typed is kept.
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async function send(field, file) {
    const data = new FormData();
    data.append("csrf_token", field.closest("form").elements.csrf_token.value);
    data.append("field", field.dataset.picture);
    data.append("picture", file);
    const answer = await fetch(field.dataset.upload, { method: "POST", body: data, redirect: "error" });
    if (answer.status === 413) return { error: field.dataset.tooBig };
    return answer.json();
  }

  async function upload(field, input) {
    const file = input.files[0];
    const status = part(field, "status");
    tell(field, []);
    if (!file) return;
    if (file.size > Number(field.dataset.most)) {
      tell(field, [field.dataset.tooBig]);
      input.value = "";
      return;
    }
    status.textContent = field.dataset.sending;
    try {
      const found = await send(field, file);
      status.textContent = found.error ? "" : field.dataset.sent;
      if (found.error) tell(field, [found.error]);
      else put(field, found.address, found.html);
      // It is there, or will not do: either way the form need not carry it.
      input.value = "";
    } catch {
      status.textContent = "";
      tell(field, [field.dataset.failed]);
    }
  }

  document.addEventListener("change", (event) => {
    const field = event.target.closest("[data-picture]");
    if (field && event.target.type === "file") upload(field, event.target);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-clear]");
    if (!button) return;
    event.preventDefault();
    const field = button.closest("[data-picture]");
    put(field, "", "");
    part(field, "status").textContent = "";
    field.querySelector("input[type=file]").focus();
  });
})();
