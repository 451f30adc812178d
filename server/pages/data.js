// Tables that can be sorted, and charts that say what is pointed at.
(function () {
  "use strict";

  // Tables: a button in each head sorts the rows that are on the page, the largest first, then the smallest.
  for (const table of document.querySelectorAll("table[data-sort]")) {
    const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
    if (body.rows.length < 2) continue;
    const number = (text) => {
      const v = Number(text.replace(/[,%×]/g, ""));
      return text.trim() === "" || Number.isNaN(v) ? null : v;
    };
    const valueOf = (row, k) => {
      const cell = row.cells[k], text = cell.dataset.v !== undefined ? cell.dataset.v : cell.textContent.trim(), v = number(text);
      return v === null ? text.toLowerCase() : v;
    };
    heads.forEach((head, k) => {
      if (head.dataset.noSort !== undefined) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sorter";
      button.title = "Sort " + table.dataset.sort + (head.title ? " by: " + head.title : "");
      button.append(...head.childNodes);
      head.removeAttribute("title");
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") === "descending";
        for (const h of heads) h.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const rows = [...body.rows].map((row, at) => ({ row, at, v: valueOf(row, k) }));
        rows.sort((a, b) => {
          const order = typeof a.v === typeof b.v ? (a.v < b.v ? -1 : a.v > b.v ? 1 : 0) : typeof a.v === "number" ? 1 : -1;
          return (up ? order : -order) || a.at - b.at;
        });
        body.append(...rows.map((r) => r.row));
      });
    });
  }

  // Curves of the overview: what was when, where the pointer is. Heights in the picture are read back from its path.
  const text = {
    count: (v) => Math.round(v).toLocaleString("en"),
    share: (v) => (100 * v).toFixed(v < 0.01 && v > 0 ? 2 : 1) + "%",
    ms: (v) => (v >= 100 ? Math.round(v) : Number(v.toPrecision(2))) + " ms",
    rate: (v) => (v >= 2 ? Number(v.toPrecision(3)) + " / s" : Number((v * 60).toPrecision(3)) + " / min"),
  };
  const clock = (ms, days) => new Date(ms).toLocaleTimeString("en-GB", days ? { weekday: "short", hour: "2-digit", minute: "2-digit" } : { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  function pointAt(chart, clientX) {
    const box = chart.getBoundingClientRect(), x = (100 * (clientX - box.left)) / box.width;
    const values = chart.dataset.values.split(",").map(Number);
    const at = chart.querySelector(".line").getAttribute("d").slice(1).split("L").map((p) => Number(p.split(" ")[0]));
    let k = 0;
    for (let j = 1; j < at.length; j++) if (Math.abs(at[j] - x) < Math.abs(at[k] - x)) k = j;
    const from = Number(chart.dataset.from), to = Number(chart.dataset.to), point = chart.querySelector(".point");
    point.setAttribute("x1", at[k]);
    point.setAttribute("x2", at[k]);
    point.removeAttribute("hidden");
    chart.classList.add("pointed");
    chart.parentElement.querySelector(".plot-say").textContent = clock(from + ((to - from) * at[k]) / 100, to - from > 7200000) + ": " + text[chart.dataset.unit](values[k]);
  }
  function leave(chart) {
    chart.classList.remove("pointed");
    chart.querySelector(".point").setAttribute("hidden", "");
    chart.parentElement.querySelector(".plot-say").textContent = "";
  }
  let pointer = null;
  function follow(e) {
    if (e) pointer = { x: e.clientX, y: e.clientY };
    const under = pointer && document.elementFromPoint(pointer.x, pointer.y), chart = under && under.closest(".curve[data-values]");
    for (const other of document.querySelectorAll(".curve.pointed")) if (other !== chart) leave(other);
    if (chart && chart.dataset.values) pointAt(chart, pointer.x);
  }
  document.addEventListener("pointermove", follow);
  document.addEventListener("pointerdown", follow);
  document.documentElement.addEventListener("pointerleave", () => { pointer = null; follow(); });
  document.addEventListener("segue:live", () => follow()); // the figures were asked for again

  // Days: the line above the picture tells of the day that is pointed at.
  for (const figure of document.querySelectorAll("[data-life]")) {
    const line = figure.querySelector("[data-say]"), summary = line.textContent;
    const say = (e) => {
      const slot = e.target.closest(".slot");
      for (const s of figure.querySelectorAll(".slot.here")) s.classList.remove("here");
      if (slot) slot.classList.add("here");
      line.textContent = slot ? slot.dataset.day : summary;
    };
    figure.addEventListener("pointerover", say);
    figure.addEventListener("pointerdown", say);
    figure.addEventListener("pointerleave", say);
  }
})();
