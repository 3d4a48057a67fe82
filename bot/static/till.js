// The till's page: buttons that count, the total while it is rung up, a code read by the camera, a sale sent over a weak network.
"use strict";
(function () {
  document.documentElement.classList.add("js");
  const form = document.getElementById("sale");
  if (!form) return;
  const total = form.querySelector("[data-total]");
  const told = form.querySelector("[data-told]");

  const number = (field) => {
    const digits = (field ? field.value : "").normalize("NFKC").replace(/[,円\s]/g, "");
    return /^\d{1,9}$/.test(digits) ? Number(digits) : 0;
  };
  const yen = (amount) =>
    form.dataset.language === "en" ? `¥${amount.toLocaleString("en")}` : `${amount.toLocaleString("en")}円`;

  function add() {
    let sum = number(form.elements.other);
    for (const item of form.querySelectorAll("[data-price]")) sum += number(item) * Number(item.dataset.price);
    const coupon = form.querySelector("[data-off]:checked");
    sum -= Math.min(sum, coupon ? Number(coupon.dataset.off) : 0);
    const points = form.elements.points;
    if (points) sum -= Math.min(sum, number(points) * Number(points.dataset.worth));
    total.textContent = yen(sum);
  }

  for (const button of form.querySelectorAll("[data-step]")) {
    const item = button.parentElement.querySelector("input");
    button.hidden = false;
    button.addEventListener("click", () => {
      item.value = Math.min(999, Math.max(0, number(item) + Number(button.dataset.step)));
      add();
    });
  }
  form.addEventListener("input", add);
  add();

  const search = form.elements.p;
  search.addEventListener("input", () => {
    const words = search.value.normalize("NFKC").trim().toLowerCase();
    for (const each of form.querySelectorAll("[data-words]")) {
      const chosen = number(each.querySelector("input")) > 0;
      each.hidden = !chosen && !each.dataset.words.normalize("NFKC").includes(words);
    }
  });

  // A second tap, or a try after the network failed, sends the same key: it is recorded once.
  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (!button || !button.hasAttribute("data-record")) return;
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    told.textContent = form.dataset.sending;
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new FormData(form),
        headers: { Accept: "text/html" },
        signal: AbortSignal.timeout(20000),
      });
      if (answer.redirected) window.location.assign(answer.url);
      else form.submit(); // what was refused is shown by the page itself
    } catch {
      told.textContent = form.dataset.weak;
      button.disabled = false;
    }
  });

  const recorded = document.getElementById("recorded");
  if (recorded) recorded.focus();
  readCodes();

  function readCodes() {
    const open = form.querySelector("[data-camera]");
    if (!("BarcodeDetector" in window) || !navigator.mediaDevices) return;
    const viewer = form.querySelector("[data-viewer]");
    const video = viewer.querySelector("video");
    const said = form.querySelector("[data-camera-told]");
    let stream = null;
    open.hidden = false;
    open.addEventListener("click", start);
    viewer.querySelector("[data-stop]").addEventListener("click", stop);

    async function start() {
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      } catch {
        said.textContent = open.dataset.blocked;
        said.classList.add("d-block");
        return;
      }
      viewer.hidden = false;
      open.hidden = true;
      video.srcObject = stream;
      await video.play();
      look(new window.BarcodeDetector());
    }

    async function look(detector) {
      if (!stream) return;
      const found = await detector.detect(video).catch(() => []);
      if (found.length > 0) {
        form.elements.who.value = found[0].rawValue.slice(0, 64);
        stop();
        form.querySelector("button[formaction]").click();
        return;
      }
      window.setTimeout(() => look(detector), 200);
    }

    function stop() {
      for (const track of stream ? stream.getTracks() : []) track.stop();
      stream = null;
      viewer.hidden = true;
      open.hidden = false;
    }
  }
})();
