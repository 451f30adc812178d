// The report's script: draws the charts described in the page, switches light and dark, sorts tables. Nothing is fetched.
(function () {
  "use strict";
  const root = document.documentElement;
  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  const short = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 2 });
  const plain = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });

  // format writes a number in its unit.
  function format(v, unit) {
    if (v === null || v === undefined || v === "-" || Number.isNaN(v)) return "–";
    if (typeof v === "string") return v;
    const a = Math.abs(v);
    switch (unit) {
      case "count":
        return a >= 1e6 ? plain.format(v / 1e6) + "M" : a >= 100 || Number.isInteger(v) ? grouped.format(v) : plain.format(v);
      case "share":
      case "rate": {
        const p = 100 * v;
        const digits = a >= 0.1 || v === 0 ? (Number.isInteger(+p.toFixed(6)) ? 0 : 1) : a >= 0.001 ? 2 : 4;
        return +p.toFixed(digits) + "%";
      }
      case "seconds":
        return a >= 5400 ? short.format(v / 3600) + " h" : a >= 120 ? short.format(v / 60) + " min" : short.format(v) + " s";
    }
    return a >= 10000 ? grouped.format(v) : plain.format(v);
  }

  const escape = (s) => String(s).replace(/[&<>"']/g, (c) => "&#" + c.charCodeAt(0) + ";");

  // day writes a date of an axis: "9 Nov".
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const day = (s) => { const p = String(s).split("-"); return +p[2] + " " + months[p[1] - 1]; };

  // whisker draws an interval [at, low, high] over the bar number `bar` of `bars` at a category.
  function whisker(params, api) {
    const horizontal = params.encode && params.encode.y && params.encode.y.length === 1 && params.encode.y[0] === 0;
    const at = api.value(0), low = api.value(1), high = api.value(2);
    if (low === null || high === null || Number.isNaN(low) || Number.isNaN(high)) return null;
    const bar = api.value(3), bars = api.value(4);
    const from = horizontal ? api.coord([low, at]) : api.coord([at, low]);
    const to = horizontal ? api.coord([high, at]) : api.coord([at, high]);
    const band = Math.abs(horizontal ? api.size([0, 1])[1] : api.size([1, 0])[0]);
    const width = Math.min(36, (band * 0.8) / bars / 1.15);
    const shift = (bar - (bars - 1) / 2) * width * 1.15;
    const cap = Math.min(4, width / 4);
    const k = horizontal ? 1 : 0; // the axis along which the bars stand
    from[k] += shift;
    to[k] += shift;
    const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: css("--ink"), lineWidth: 1.2 } });
    return {
      type: "group",
      children: horizontal
        ? [line(from[0], from[1], to[0], to[1]), line(from[0], from[1] - cap, from[0], from[1] + cap), line(to[0], to[1] - cap, to[0], to[1] + cap)]
        : [line(from[0], from[1], to[0], to[1]), line(from[0] - cap, from[1], from[0] + cap, from[1]), line(to[0] - cap, to[1], to[0] + cap, to[1])],
    };
  }

  const slot = (columns, width) => Math.round((0.64 * width) / columns);

  // resolve puts functions and colours in the place of the names that the option gives them.
  function resolve(v, palette, width) {
    if (Array.isArray(v)) return v.map((x) => resolve(x, palette, width));
    if (v && typeof v === "object") {
      const out = {};
      for (const k of Object.keys(v)) out[k] = resolve(v[k], palette, width);
      return out;
    }
    if (typeof v !== "string" || v[0] !== "@") return v;
    const parts = v.slice(1).split(":");
    switch (parts[0]) {
      case "unit":
        return (x) => format(x, parts[1]);
      case "day":
        return day;
      case "ticks":
        return (x) => (x === 0 ? "0" : +parts[1] >= 3600 ? plain.format(x / 3600) + " h" : +parts[1] >= 60 ? plain.format(x / 60) + " min" : plain.format(x) + " s");
      case "whisker":
        return whisker;
      case "series":
        return palette[+parts[1] % palette.length];
      case "muted":
        return css("--muted");
      case "ramp":
        return css("--ramp").split(" ");
      case "span":
        return css("--span").split(" ");
      case "sides":
        return css("--sides").split(" ");
      case "card":
        return css("--card");
      case "names": // how wide names of so many letters beside a picture may be
        return Math.min(7 * parts[1] + 4, 200, Math.round((width < 500 ? 0.42 : 0.33) * width));
      case "slot": // and those below one of so many columns, which are turned where there is no room
        return slot(parts[1], width) < 70 ? 110 : slot(parts[1], width);
      case "turn":
        return slot(parts[1], width) < 70 ? 90 : 0;
      case "times":
        return (p) => (p.value[2] < 0.095 ? "<0.1" : "×" + (p.value[2] < 9.5 ? p.value[2].toFixed(1) : grouped.format(p.value[2])));
      case "offset":
        return (v) => [0, v[3]];
      case "swarm":
        return (p) => "<b>" + escape(p.name) + "</b>: " + format(p.value[0], parts[1]);
      case "point":
        return (p) => (p.name ? "<b>" + escape(p.name) + "</b><br>" : "") + format(p.value[0], parts[1]) + ", " + format(p.value[1], parts[2]);
      case "cell":
        return (p) => escape(p.name) + (p.name ? ": " : "") + "<b>" + format(p.value[2], parts[1]) + "</b>";
      case "box":
        return (p) => {
          const d = p.value.length === 6 ? p.value.slice(1) : p.value;
          const row = (n, x) => "<tr><td>" + n + "</td><td style='text-align:right;padding-left:1em'>" + format(x, parts[1]) + "</td></tr>";
          return "<b>" + escape(p.name) + "</b><table>" + row("upper whisker", d[4]) + row("3rd quartile", d[3]) + row("median", d[2]) + row("1st quartile", d[1]) +
            row("lower whisker", d[0]) + row("mean", p.data.mean) + row("number", p.data.n) + "</table>";
        };
    }
    return v;
  }

  // dress gives an option the page's colours, and its names the room of a picture so many pixels wide.
  function dress(option, width) {
    const palette = css("--palette").split(" ");
    const o = resolve(option, palette, width);
    const ink = css("--ink"), muted = css("--muted"), rule = css("--rule");
    o.color = palette;
    o.textStyle = { fontFamily: css("--sans"), color: ink };
    o.backgroundColor = "transparent";
    Object.assign(o.tooltip, { backgroundColor: css("--card"), borderColor: rule, textStyle: { color: ink, fontSize: 13 } });
    if (o.legend) Object.assign(o.legend, { textStyle: { color: ink }, itemWidth: 18, itemHeight: 10, pageTextStyle: { color: muted }, pageIconColor: ink });
    for (const axis of [o.xAxis, o.yAxis]) {
      axis.nameTextStyle = Object.assign(axis.nameTextStyle || {}, { color: muted });
      axis.axisLabel = Object.assign(axis.axisLabel || {}, { color: muted });
      axis.axisLine = { lineStyle: { color: rule } };
      if (axis.type !== "category" || axis.splitLine) axis.splitLine = Object.assign({}, axis.splitLine, { lineStyle: { color: rule, opacity: 0.6 } });
    }
    if (o.yAxis.type !== "category") {
      o.yAxis.nameLocation = "end";
      o.yAxis.nameGap = 12;
      o.yAxis.nameTextStyle.align = "left";
    }
    if (o.xAxis.type !== "category" && o.yAxis.type === "category" && !o.visualMap) o.xAxis.nameGap = 30;
    if (o.visualMap) {
      o.visualMap.textStyle = { color: muted };
      if (typeof o.visualMap.formatter === "function") o.visualMap.text = [o.visualMap.formatter(o.visualMap.max), o.visualMap.formatter(o.visualMap.min)];
    }
    let base = 0;
    for (const s of o.series) {
      if (s.type === "custom" || s.bandOf !== undefined) continue;
      if (s.meanOf) { // a mark on the box, in the page's ink
        s.itemStyle = { color: ink };
        s.tooltip = { show: false };
        continue;
      }
      const again = base >= palette.length; // a colour that an earlier line has
      const colour = palette[base++ % palette.length];
      if (s.swarm) { // each point has its own colour
        s.itemStyle = { opacity: 0.9 };
      } else if (s.plain) {
        s.itemStyle = { color: muted, opacity: 0.6 };
      } else if (s.type === "boxplot") {
        s.itemStyle = { color: colour + "33", borderColor: colour, borderWidth: 1.5 };
      } else if (s.type !== "heatmap") {
        s.itemStyle = Object.assign(s.itemStyle || {}, { color: colour });
        if (s.type === "line") s.lineStyle = Object.assign({}, s.lineStyle, { color: colour, width: 2 });
        if (s.reference) {
          s.itemStyle.color = muted;
          s.lineStyle = { color: muted, width: 1.4, type: "dashed" };
        }
        if (s.pale) {
          s.lineStyle = { color: colour, width: 1.2, opacity: 0.55, type: again ? "dotted" : "solid" };
          s.emphasis = Object.assign({ lineStyle: { color: colour, width: 2.5, opacity: 1 } }, s.emphasis);
        }
        if (s.label) s.label.color = muted;
      }
    }
    return o;
  }

  const charts = [];
  function draw(el) {
    if (el.dataset.drawn) return;
    el.dataset.drawn = "1";
    const option = JSON.parse(document.getElementById(el.dataset.option).textContent);
    const chart = echarts.init(el, null, { renderer: "svg" });
    chart.setOption(dress(option, el.clientWidth));
    charts.push({ el, chart, option });
  }
  window.drawAllCharts = function () {
    document.querySelectorAll(".chart[data-option]").forEach(draw);
  };
  function redress() {
    for (const c of charts) c.chart.setOption(dress(c.option, c.el.clientWidth), true);
    key();
  }

  // key gives the names that several pictures share the colours of their lines.
  function key() {
    const palette = css("--palette").split(" ");
    document.querySelectorAll("ul.key").forEach((ul) => Array.from(ul.children).forEach((li, i) => {
      const line = li.firstElementChild;
      line.style.borderTopColor = palette[i % palette.length];
      line.style.borderTopStyle = li.className === "pale" && i >= palette.length ? "dotted" : "solid";
    }));
  }

  const watcher = new IntersectionObserver((entries) => {
    for (const e of entries) if (e.isIntersecting) { watcher.unobserve(e.target); draw(e.target); }
  }, { rootMargin: "400px" });
  document.querySelectorAll(".chart[data-option]").forEach((el) => watcher.observe(el));
  const fit = () => {
    for (const c of charts) {
      const named = JSON.stringify(c.option).includes('"@names'); // what was given by width is given anew
      c.chart.resize();
      if (named) c.chart.setOption(dress(c.option, c.el.clientWidth), true);
    }
  };
  window.addEventListener("resize", fit);
  window.addEventListener("beforeprint", () => { root.dataset.theme = "light"; root.classList.add("printing"); window.drawAllCharts(); redress(); fit(); });
  window.addEventListener("afterprint", () => { root.classList.remove("printing"); setTheme(chosen); fit(); });

  // Light and dark: the system's choice until the reader makes one, which the address keeps (#dark) since a file has no other memory.
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let chosen = location.hash === "#dark" ? "dark" : location.hash === "#light" ? "light" : "";
  const button = document.getElementById("theme");
  function setTheme(t) {
    chosen = t;
    root.dataset.theme = t || (dark.matches ? "dark" : "light");
    button.setAttribute("aria-pressed", root.dataset.theme === "dark");
    redress();
  }
  button.addEventListener("click", () => setTheme(root.dataset.theme === "dark" ? "light" : "dark"));
  dark.addEventListener("change", () => { if (!chosen) setTheme(""); });
  setTheme(chosen);

  // Tables sort by a click on a column's head.
  document.querySelectorAll("table.data th button").forEach((b) => {
    b.addEventListener("click", () => {
      const th = b.closest("th"), table = th.closest("table"), body = table.tBodies[0];
      const i = Array.prototype.indexOf.call(th.parentNode.children, th);
      const down = th.getAttribute("aria-sort") !== "descending";
      table.querySelectorAll("th").forEach((h) => h.removeAttribute("aria-sort"));
      th.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => { const c = row.cells[i]; return c.dataset.v === undefined ? c.textContent : c.dataset.v === "" ? -Infinity : +c.dataset.v; };
      const rows = Array.from(body.rows);
      rows.sort((p, q) => { const a = key(p), c = key(q); const d = typeof a === "number" && typeof c === "number" ? a - c : String(a).localeCompare(String(c)); return down ? -d : d; });
      rows.forEach((r) => body.appendChild(r));
    });
  });

  const menu = document.getElementById("menu");
  const openMenu = (open) => { document.body.classList.toggle("menu-open", open); menu.setAttribute("aria-expanded", open); };
  menu.addEventListener("click", () => openMenu(!document.body.classList.contains("menu-open")));
  document.querySelectorAll("nav a").forEach((a) => a.addEventListener("click", () => openMenu(false)));
})();
