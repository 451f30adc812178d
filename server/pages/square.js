// Music Square: what is done with the cards becomes events, and what they change is asked for again. Events carry ids of their own and are sent until
// they are taken, so that each counts once.
(function () {
  "use strict";
  const square = document.getElementById("square");
  if (!square) return;
  const { toast, part } = window.segue;
  const user = square.dataset.user;
  const path = window.segue.path;
  const cards = document.getElementById("cards"), panel = document.getElementById("beliefs"), mix = document.getElementById("mix");
  const player = document.getElementById("player"), dialog = document.getElementById("why");
  const pace = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");
  const byId = (id) => document.getElementById(id);

  // Events.
  const run = Array.from(crypto.getRandomValues(new Uint8Array(9)), (b) => b.toString(16).padStart(2, "0")).join("");
  const mostWaiting = 2000, mostSent = 500;
  let made = 0, waiting = [], sending = null, timer = 0, failures = 0;

  function did(kind, card, more) {
    const event = { id: "square-" + run + "-" + ++made, kind, at_ms: Date.now(), user, item: card.dataset.item, request: requestOf(card), ...more };
    if (kind !== "swipe") event.slot = Number(card.dataset.slot);
    waiting.push(event);
    if (waiting.length > mostWaiting) waiting.splice(waiting.findIndex((e) => e.kind === "impression"), 1);
    if (!failures) later(kind === "impression" ? 400 : 60);
  }
  const requestOf = (card) => card.closest("[data-request]").dataset.request;

  function later(ms) {
    clearTimeout(timer);
    timer = setTimeout(flush, ms);
  }

  // flush sends what waits, in order; it ends when that is taken or has failed for now.
  function flush() {
    clearTimeout(timer);
    if (!sending) sending = sendAll().finally(() => { sending = null; });
    return sending;
  }

  async function sendAll() {
    let taken = false;
    while (waiting.length) {
      const batch = waiting.slice(0, mostSent);
      let answer = null, why = "The server does not answer.";
      try {
        answer = await fetch("/v1/events", { method: "POST", headers: { "Content-Type": "application/json", "X-Requested-With": "segue" }, body: JSON.stringify(batch) });
        if (!answer.ok) why = await wordsOf(answer);
      } catch (e) { /* no answer */ }
      if (answer && answer.ok) {
        if (failures) toast("What you did has arrived.");
        failures = 0;
        taken = true;
        waiting.splice(0, batch.length);
        continue;
      }
      if (answer && answer.status >= 400 && answer.status < 500 && ![401, 408, 429].includes(answer.status)) {
        waiting.splice(0, batch.length); // it will never be taken
        toast("Not taken: " + why, 8);
        continue;
      }
      failures++;
      toast(why + " What you did is kept here and sent again.", 8);
      later(Math.min(30, 2 ** failures) * 500);
      break;
    }
    if (taken) believe();
  }

  // wordsOf reads problem details.
  async function wordsOf(answer) {
    try {
      const p = await answer.json();
      const fields = (p.errors || []).map((e) => (e.location ? e.location + ": " : "") + e.message);
      return [p.detail || p.title, ...fields].join("; ");
    } catch (e) {
      return "The server could not take it (status " + answer.status + ").";
    }
  }

  // The panel. Bars grow from where they stood, and a mark stays where they were when the feed was opened.
  let asked = 0;
  const opened = tastes(), mostTastes = 8; // as many as the panel lists
  function tastes() {
    const now = new Map();
    for (const li of panel.querySelectorAll(".tastes li")) now.set(li.dataset.topic, { lift: li.querySelector("b").textContent, bar: li.querySelector(".fill").getAttribute("width"), rule: li.querySelector(".mid").getAttribute("x") });
    return now;
  }
  async function believe() {
    const mine = ++asked;
    let text;
    try {
      text = await part("/square/believes?user=" + encodeURIComponent(user));
    } catch (e) {
      toast(e.message);
      return;
    }
    if (mine !== asked) return;
    const before = new Map(), focus = panel.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    for (const r of panel.querySelectorAll("[data-key]")) before.set(r.dataset.key, r.getAttribute("width"));
    panel.innerHTML = text;
    path.show(panel);
    if (focus) for (const a of panel.querySelectorAll("a")) if (a.getAttribute("href") === focus) a.focus({ preventScroll: true });
    since();
    const moved = [];
    for (const r of panel.querySelectorAll("[data-key]")) {
      const now = r.getAttribute("width"), was = before.get(r.dataset.key) || "0";
      if (was === now) continue;
      r.setAttribute("width", was);
      moved.push([r, now]);
      if (Number(now) > Number(was) && r.closest(".up")) r.closest("li").classList.add("grew");
    }
    panel.getBoundingClientRect(); // so that what comes is a change
    for (const [r, now] of moved) r.setAttribute("width", now);
  }
  // since marks what each taste was when the feed was opened: on the scale of now, which a large taste may have stretched.
  function since() {
    for (const [topic, now] of tastes()) {
      const was = opened.get(topic), li = [...panel.querySelectorAll(".tastes li")].find((l) => l.dataset.topic === topic);
      if (was && was.lift === now.lift || !was && !li.classList.contains("up")) continue;
      const note = document.createElement("span");
      note.className = "was";
      note.textContent = was ? "was " + was.lift : opened.size < mostTastes ? "new" : "was lower"; // of a full list others may have been left out
      li.querySelector(".what").append(" ", note);
      if (!was) continue;
      const mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      for (const [k, v] of Object.entries({ class: "ghost", x: (Number(was.bar) * Number(now.rule)) / Number(was.rule), width: 1, height: 8 })) mark.setAttribute(k, v);
      li.querySelector(".meter").append(mark);
    }
  }

  // Impressions: half a card in sight for half a second.
  const seen = new Set(), clocks = new Map();
  const sight = new IntersectionObserver((entries) => {
    for (const e of entries) {
      if (e.isIntersecting && !document.hidden) {
        if (!clocks.has(e.target)) clocks.set(e.target, setTimeout(() => { clocks.delete(e.target); saw(e.target); }, 500));
      } else {
        clearTimeout(clocks.get(e.target));
        clocks.delete(e.target);
      }
    }
  }, { threshold: 0.5 });
  function saw(card) {
    const key = requestOf(card) + " " + card.dataset.slot;
    sight.unobserve(card);
    clearTimeout(clocks.get(card));
    clocks.delete(card);
    if (seen.has(key)) return;
    seen.add(key);
    did("impression", card);
  }
  function watch() {
    for (const card of cards.querySelectorAll(".tile-card:not([data-watched])")) {
      card.dataset.watched = "1";
      sight.observe(card);
    }
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    for (const card of cards.querySelectorAll(".tile-card")) {
      sight.unobserve(card);
      if (!seen.has(requestOf(card) + " " + card.dataset.slot)) sight.observe(card);
    }
  });

  // What the page is made of, by topic, beside what was left of the page before: cards that were played do not come again.
  let past = null;
  function counted(which) {
    const n = new Map();
    for (const card of cards.querySelectorAll("ol:first-of-type > " + which)) n.set(card.dataset.topic, (n.get(card.dataset.topic) || 0) + 1);
    return n;
  }
  const played = new Set();
  function tell() {
    const n = counted(".tile-card");
    if (!n.size) { mix.textContent = ""; return; }
    path.page(n, past);
    path.show(panel);
    const rise = (topic) => (past ? (n.get(topic) || 0) - (past.get(topic) || 0) : 0);
    const order = [...n].sort((a, b) => played.has(b[0]) - played.has(a[0]) || rise(b[0]) - rise(a[0]) || b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    mix.replaceChildren("On this page:");
    for (const [topic, k] of order.slice(0, 6)) {
      const chip = document.createElement("span"), count = document.createElement("b"), change = rise(topic);
      count.textContent = String(k);
      chip.append(topic, " ", count);
      if (change) {
        chip.className = change > 0 ? "rose" : "fell";
        chip.append((change > 0 ? " ▲" : " ▼") + Math.abs(change));
        chip.title = (past.get(topic) || 0) + " were left unplayed on the page before";
      }
      mix.append(chip);
    }
    if (order.length > 6) mix.append("and " + (order.length - 6) + " more");
    if (past) {
      const note = document.createElement("i");
      note.textContent = "▲▼ beside those left unplayed before; played ones do not come again";
      mix.append(note);
    }
    played.clear();
  }

  // Pages.
  const skipped = new Set();
  let busy = false;
  async function load(fresh) {
    if (busy) return;
    busy = true;
    cards.setAttribute("aria-busy", "true");
    try {
      await flush();
      const query = new URLSearchParams({ user });
      const shown = fresh ? [] : Array.from(cards.querySelectorAll(".tile-card"), (c) => c.dataset.item);
      for (const item of [...shown, ...skipped].reverse()) {
        if (query.toString().length > 6000) break;
        query.append("exclude", item);
      }
      const text = await part("/square/cards?" + query);
      if (fresh) {
        stop(false);
        past = counted(".tile-card:not(.clicked)");
        for (const c of clocks.values()) clearTimeout(c);
        clocks.clear();
        sight.disconnect();
        cards.innerHTML = text;
        scrollTo({ top: 0, behavior: pace() });
      } else {
        const at = cards.querySelectorAll(".tile-card").length;
        cards.insertAdjacentHTML("beforeend", text);
        const first = cards.querySelectorAll(".cover")[at];
        if (first) first.focus({ preventScroll: true });
        else byId("more").hidden = true;
      }
      if (fresh) byId("more").hidden = !cards.querySelector(".tile-card");
      watch();
      if (fresh) tell();
    } catch (e) {
      toast(e.message, 6);
    } finally {
      busy = false;
      cards.removeAttribute("aria-busy");
    }
  }

  // Playing: the card that is on, since when, and from which card one came to it.
  let on = null;
  const secondsOn = () => Math.round((Date.now() - on.since) / 100) / 10;
  function play(card, from) {
    stop(false);
    saw(card);
    if (from) did("swipe", card, { from });
    else did("click", card);
    on = { card, since: Date.now(), opened: from || card.dataset.item };
    played.add(card.dataset.topic);
    path.play(card.dataset.topic, card.dataset.item);
    card.classList.add("playing");
    card.querySelector(".cover").setAttribute("aria-pressed", "true");
    card.classList.remove("skipped");
    byId("player-art").replaceChildren(card.querySelector(".art").cloneNode(true));
    byId("player-title").textContent = card.dataset.topic;
    byId("player-about").textContent = "· " + card.querySelector(".from").textContent.trim();
    for (const b of player.querySelectorAll("[data-do]")) b.setAttribute("aria-pressed", String((card.dataset.done || "").split(" ").includes(b.dataset.do)));
    player.hidden = false;
    document.body.classList.add("playing-now");
    tick();
  }
  function stop(back) {
    if (!on) return;
    const card = on.card;
    did("view", card, { value: secondsOn() });
    card.classList.remove("playing");
    card.querySelector(".cover").removeAttribute("aria-pressed");
    card.classList.add("clicked");
    on = null;
    player.hidden = true;
    document.body.classList.remove("playing-now");
    if (back && card.isConnected) card.querySelector(".cover").focus();
  }
  function next() {
    if (!on) return;
    const all = [...cards.querySelectorAll(".tile-card")], to = all[all.indexOf(on.card) + 1];
    if (!to) {
      toast("That was the last card: ask for more.");
      return;
    }
    play(to, on.opened);
    to.scrollIntoView({ block: "center", behavior: pace() });
  }
  function tick() {
    if (!on) return;
    byId("player-seconds").textContent = Math.floor(secondsOn()) + " s";
    setTimeout(tick, 250);
  }
  function once(kind, card) {
    const done = (card.dataset.done || "").split(" ").filter(Boolean);
    if (done.includes(kind)) return;
    card.dataset.done = [...done, kind].join(" ");
    did(kind, card);
    for (const b of card.querySelectorAll('[data-act="' + kind + '"]')) b.setAttribute("aria-pressed", "true");
    if (on && on.card === card) for (const b of player.querySelectorAll('[data-do="' + kind + '"]')) b.setAttribute("aria-pressed", "true");
  }

  cards.addEventListener("click", (e) => {
    const button = e.target.closest("[data-act]");
    if (!button) return;
    const card = button.closest(".tile-card");
    switch (button.dataset.act) {
      case "play":
        if (on && on.card === card) { stop(true); return; }
        play(card);
        byId("player-stop").focus({ preventScroll: true });
        return;
      case "like":
        saw(card);
        once("like", card);
        return;
      case "skip":
        saw(card);
        skipped.add(card.dataset.item);
        card.classList.add("skipped");
        if (card.nextElementSibling) card.nextElementSibling.querySelector(".cover").focus();
        return;
      case "why":
        byId("why-body").replaceChildren(card.querySelector("template").content.cloneNode(true));
        dialog.showModal();
    }
  });
  player.addEventListener("click", (e) => {
    const button = e.target.closest("button");
    if (!button || !on) return;
    if (button.dataset.do) once(button.dataset.do, on.card);
    if (button.id === "player-next") next();
    if (button.id === "player-stop") stop(true);
  });
  document.addEventListener("keydown", (e) => {
    if (!on || dialog.open) return;
    if (e.key === "Escape") stop(true);
    if (e.key === "ArrowRight" && player.contains(document.activeElement)) next();
  });
  let touched = null;
  player.addEventListener("touchstart", (e) => { touched = e.changedTouches[0]; }, { passive: true });
  player.addEventListener("touchend", (e) => {
    const t = e.changedTouches[0];
    if (touched && touched.clientX - t.clientX > 50 && Math.abs(touched.clientY - t.clientY) < 60) next();
    touched = null;
  }, { passive: true });
  dialog.addEventListener("click", (e) => { if (e.target === dialog) dialog.close(); });

  for (const b of square.querySelectorAll("[data-again]")) b.addEventListener("click", () => load(true));
  byId("more").addEventListener("click", () => load(false));
  addEventListener("pagehide", () => {
    stop(false);
    if (!waiting.length) return;
    const body = JSON.stringify(waiting.slice(0, 200)); // what a browser sends after a page has gone is limited to 64 kB
    fetch("/v1/events", { method: "POST", keepalive: true, headers: { "Content-Type": "application/json", "X-Requested-With": "segue" }, body }).catch(() => {});
  });

  watch();
  tell();
})();
