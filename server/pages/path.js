// The way through Music Square: how many cards of each topic every page had, and which topics were played on it.
(function () {
  "use strict";
  if (!document.getElementById("square")) return;
  const mostPages = 5, mostTopics = 7;
  const box = document.createElement("section");
  box.className = "path";
  const pages = []; // of each: its number, its cards, those left of the page before and the items played on it, by topic
  let opened = 0;

  const make = (tag, text, name) => {
    const e = document.createElement(tag);
    if (text !== undefined) e.textContent = text;
    if (name) e.className = name;
    return e;
  };
  const of = (map, topic) => map.get(topic) || 0;
  const playsOf = (p, topic) => (p.plays.has(topic) ? p.plays.get(topic).size : 0);

  // topics are those worth a row: what was played comes first, then what changed most.
  function topics() {
    const first = pages[0], last = pages[pages.length - 1], all = new Set();
    for (const p of pages) for (const t of p.cards.keys()) all.add(t);
    const plays = (t) => pages.reduce((sum, p) => sum + playsOf(p, t), 0);
    const change = (t) => Math.abs(of(last.cards, t) - of(first.cards, t));
    return [...all].sort((a, b) => plays(b) - plays(a) || change(b) - change(a) || of(last.cards, b) - of(last.cards, a) || (a < b ? -1 : 1));
  }

  function draw() {
    const title = make("h3", "Your way so far");
    const table = make("table"), head = make("tr"), body = make("tbody");
    const caption = make("caption", "Cards of each topic on the pages you saw", "hidden");
    head.append(make("th", "Topic"));
    for (const p of pages) head.append(make("th", (pages.length < 4 ? "page " : "p. ") + p.number));
    for (const h of head.cells) h.scope = "col";
    const list = topics();
    for (const topic of list.slice(0, mostTopics)) {
      const row = make("tr"), name = make("th", topic);
      name.scope = "row";
      row.append(name);
      pages.forEach((p, k) => {
        const n = of(p.cards, topic), played = playsOf(p, topic), cell = make("td", String(n), "heat-" + Math.min(n, 6));
        if (p.left && k > 0 && playsOf(pages[k - 1], topic) && n > of(p.left, topic)) cell.append(" ", make("span", "▲" + (n - of(p.left, topic)), "more-of"));
        if (played) {
          const mark = make("span", "▶" + (played > 1 ? played : ""), "plays");
          mark.title = played + " played";
          mark.append(make("span", " played", "hidden"));
          cell.append(" ", mark);
        }
        row.append(cell);
      });
      body.append(row);
    }
    const top = make("thead");
    top.append(head);
    table.append(caption, top, body);
    const note = make("p", "", "muted");
    if (pages.length > 1) note.textContent = "▶ is what you played, ▲ how many more came than you had left." + (list.length > mostTopics ? " " + (list.length - mostTopics) + " more topics." : "");
    else note.textContent = "Cards of each topic. Play some (▶), then ask for a new page.";
    box.replaceChildren(title, table, note);
  }

  window.segue.path = {
    page(cards, left) {
      pages.push({ number: ++opened, cards, left, plays: new Map() });
      if (pages.length > mostPages) pages.splice(1, 1); // the first one stays, to see how far one came
      draw();
    },
    play(topic, item) {
      const plays = pages[pages.length - 1].plays;
      plays.set(topic, (plays.get(topic) || new Set()).add(item));
      draw();
    },
    // show puts it where the panel has its place.
    show(panel) {
      const place = panel.querySelector("[data-path]");
      if (place && pages.length && pages[0].cards.size) place.append(box);
    },
  };
})();
