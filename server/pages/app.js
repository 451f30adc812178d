// What all pages share: light and dark, a word at the bottom, forms, copying a command; and the live figures of the overview.
(function () {
  "use strict";
  const root = document.documentElement;

  // Light and dark.
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const told = () => button.setAttribute("aria-pressed", String(isDark()));
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("segue-theme", root.dataset.theme); } catch (e) { /* storage is closed: it holds for this page */ }
    told();
  });
  system.addEventListener("change", told);
  told();

  // toast says something at the bottom of the page for a while.
  let silence = 0;
  function toast(text, seconds) {
    clearTimeout(silence);
    document.getElementById("toast").textContent = text;
    if (text) silence = setTimeout(() => toast(""), 1000 * (seconds || 4));
  }

  // part fetches a part of a page; what went wrong is an error in words.
  async function part(address) {
    let answer;
    try {
      answer = await fetch(address, { headers: { "X-Segue-Part": "1", "X-Requested-With": "segue" }, cache: "no-store" });
    } catch (e) {
      throw new Error("The server does not answer.");
    }
    const text = await answer.text();
    if (answer.ok && !answer.redirected) return text;
    throw new Error(words(answer, text));
  }

  // words reads what a failure says: a part of a page, or problem details.
  function words(answer, text) {
    if (answer.redirected || answer.status === 401) return "The session has ended: load the page again.";
    let said = "";
    try {
      const p = JSON.parse(text);
      said = p.detail || p.title || "";
    } catch (e) {
      said = new DOMParser().parseFromString(text, "text/html").body.textContent.trim();
    }
    return said && said.length < 400 ? said : "The server could not do it (status " + answer.status + ").";
  }

  // Forms that change something go by the script, so that the server can tell them from those of other sites wherever it stands.
  document.addEventListener("submit", async (e) => {
    const form = e.target;
    if (form.method !== "post") return;
    e.preventDefault();
    const button = e.submitter;
    if (button) button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", headers: { "X-Segue-Part": "1", "X-Requested-With": "segue" }, body: new URLSearchParams(new FormData(form)) });
      const to = answer.headers.get("X-Segue-To"), text = await answer.text();
      if (to || answer.redirected) {
        location.assign(to || answer.url);
        return;
      }
      const main = new DOMParser().parseFromString(text, "text/html").querySelector("main");
      if (!main) throw new Error(words(answer, text));
      document.getElementById("main").replaceChildren(...main.childNodes);
      document.getElementById("main").focus();
    } catch (err) {
      toast(err instanceof TypeError ? "The server does not answer." : err.message, 8);
    }
    if (button) button.disabled = false;
  });
  window.segue = { toast, part };

  document.addEventListener("click", async (e) => {
    const copy = e.target.closest("[data-copy]");
    if (!copy) return;
    try {
      await navigator.clipboard.writeText(copy.dataset.copy);
      toast("Copied.");
    } catch (err) {
      const range = document.createRange();
      range.selectNodeContents(copy.previousElementSibling);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      toast("Marked: copy it with the keyboard.");
    }
  });

  // The overview's figures are asked for again; what stays the same is left alone, and the focus in it.
  const live = document.getElementById("live");
  if (live) {
    const pause = document.getElementById("pause");
    let paused = false, lost = false;
    async function again() {
      if (paused || document.hidden) return;
      try {
        const fresh = document.createElement("div");
        fresh.innerHTML = await part("/overview/live?span=" + encodeURIComponent(live.dataset.span));
        while (live.children.length > fresh.children.length) live.lastElementChild.remove();
        [...fresh.children].forEach((now, k) => {
          const was = live.children[k];
          if (!was) live.append(now);
          else if (was.outerHTML !== now.outerHTML) was.replaceWith(now);
        });
        document.dispatchEvent(new Event("segue:live"));
        if (lost) toast("The server answers again.");
        lost = false;
      } catch (e) {
        if (!lost) toast(e.message + " These are the last figures it gave; it is asked again.", 3600);
        lost = true;
      }
    }
    pause.addEventListener("click", () => {
      paused = !paused;
      pause.setAttribute("aria-pressed", String(paused));
      pause.textContent = paused ? "Go on" : "Pause";
      again();
    });
    document.addEventListener("visibilitychange", again);
    setInterval(again, Number(live.dataset.every));
  }
})();
