package server

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

// contrastScript gives every text of the page that stands out from its ground by less than 4.5 to 1 (WCAG 2.2, 1.4.3). Grounds that let something through
// are laid over white and over black, and the worse counts.
const contrastScript = `(() => {
	const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return [m[0], m[1], m[2], m.length > 3 ? m[3] : 1]; };
	const over = (a, b) => [0, 1, 2].map(k => a[k] * a[3] + b[k] * (1 - a[3]));
	const light = (c) => { const [r, g, b] = c.map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
	const ratio = (a, b) => { const x = light(a), y = light(b); return (Math.max(x, y) + .05) / (Math.min(x, y) + .05); };
	// behind gives what may lie under an element: one colour where an opaque ground is found, white and black where a picture is.
	const behind = (e) => {
		const layers = [];
		for (let at = e; at; at = at.parentElement) {
			const c = parse(getComputedStyle(at).backgroundColor);
			if (c[3] > 0) layers.push(c);
			if (c[3] === 1) break;
			if (at.classList.contains("cover") || at.classList.contains("thumb")) { layers.push(null); break; }
		}
		let grounds = layers.at(-1) === null ? [[255, 255, 255], [0, 0, 0]] : [layers.at(-1).slice(0, 3)];
		for (const l of layers.slice(0, -1).reverse()) grounds = grounds.map(g => over(l, g));
		return grounds;
	};
	const bad = [];
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n = walk.nextNode(); n; n = walk.nextNode()) {
		const text = n.textContent.trim(), e = n.parentElement;
		if (!text || e.closest("svg, script, template, option, datalist, .hidden, .skip")) continue;
		if (!e.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
		const colour = parse(getComputedStyle(e).color);
		for (let at = e; at; at = at.parentElement) colour[3] *= Number(getComputedStyle(at).opacity);
		const worst = Math.min(...behind(e).map(g => ratio(over(colour, g), g)));
		if (worst < 4.5) bad.push(text.slice(0, 40) + " <" + e.tagName + " " + e.className + ">: " + worst.toFixed(2));
	}
	for (const e of document.querySelectorAll("input, select")) {
		if (e.type === "hidden" || e.type === "checkbox") continue;
		const g = behind(e)[0];
		for (const which of [null, "::placeholder"]) {
			const c = parse(getComputedStyle(e, which).color), o = Number(getComputedStyle(e, which).opacity);
			const r = ratio(over([c[0], c[1], c[2], c[3] * o], g), g);
			if (r < 4.5) bad.push(e.name + " " + (which || "") + ": " + r.toFixed(2));
		}
	}
	return bad;
})()`

// namesScript gives what a reader of screens could not name, and other faults of structure.
const namesScript = `(() => {
	const bad = [], seen = new Set();
	const text = (e) => [...e.childNodes].map(n => n.nodeType === 3 ? n.textContent : n.nodeType === 1 && n.getAttribute("aria-hidden") !== "true" && n.tagName !== "TEMPLATE" ? text(n) : "").join(" ").trim();
	const show = (e) => e.outerHTML.slice(0, 90);
	for (const e of document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0'], [role=img], dialog, nav, aside")) {
		if (e.type === "hidden" || e.closest("template")) continue;
		const labelled = e.getAttribute("aria-labelledby");
		const name = e.getAttribute("aria-label") || (labelled && (e.tagName === "DIALOG" || document.getElementById(labelled)) ? "labelled" : "") || (e.labels && e.labels.length ? text(e.labels[0]) : "") || text(e);
		if (!name.trim()) bad.push("no name: " + show(e));
		if (e.tabIndex > 0) bad.push("an order of its own: " + show(e));
	}
	for (const e of document.querySelectorAll("[id]")) {
		if (seen.has(e.id)) bad.push("id twice: " + e.id);
		seen.add(e.id);
	}
	if (document.querySelectorAll("h1").length !== 1) bad.push("not one h1");
	if (document.querySelectorAll("main").length !== 1 || !document.documentElement.lang || !document.title) bad.push("no main, lang or title");
	for (const e of document.querySelectorAll("[style], [onclick], script:not([src]), style")) bad.push("inline: " + show(e));
	return bad;
})()`

// smallScript gives the controls that a finger would miss (WCAG 2.2, 2.5.8: 24 pixels each way; links in running text are let off).
const smallScript = `(() => Array.from(document.querySelectorAll("button, .button, input, select")).filter(e => e.checkVisibility() && e.type !== "hidden" && e.type !== "checkbox").filter(e => { const r = e.getBoundingClientRect(); return r.width < 24 || r.height < 24; }).map(e => e.outerHTML.slice(0, 90)))()`

// cutScript gives what a phone would show a part of: an entry of the menu, a figure of the versions at a glance, a heading.
const cutScript = `(() => Array.from(document.querySelectorAll(".bar nav a, .glance td, .glance tbody th, h1")).filter(e => e.checkVisibility()).filter(e => { const r = e.getBoundingClientRect(), m = getComputedStyle(e.closest("nav") || e).maskImage; return r.left < 0 || r.right > innerWidth || e.scrollHeight > e.clientHeight + 2 && e.tagName === "H1" || m !== "none"; }).map(e => e.outerHTML.slice(0, 90)))()`

// readPages are all kinds of page, with what is found wrong in each.
func readPages(f *pagesFake) map[string]string {
	user, item := url.QueryEscape(fakeKey("user", 33)), url.QueryEscape(f.keys[0])
	return map[string]string{"pick": "/", "search": "/?q=G", "nobody": "/?q=nobody", "square": "/?user=" + user, "overview": "/overview", "users": "/users", "segment": "/users?segment=browses", "user": "/user?id=" + user,
		"cards": "/cards", "found": "/cards?q=jazz", "none": "/cards?q=xyz", "table": "/cards?view=list", "card": "/card?id=" + item, "models": "/models", "activate": "/models/activate?id=" + f.versions[1].ID,
		"force": "/models/activate?id=" + f.versions[2].ID, "roll back": "/models/rollback"}
}

// TestPagesAreReadable looks at every page in light and dark, wide and narrow: contrast, names, structure, size, and nothing wider than the window.
func TestPagesAreReadable(t *testing.T) {
	f := newPagesFake(120, 60)
	f.health.Reasons = []string{"the model is 9 days old"} // so that the pages warn of something
	tab := openPagesTab(t, f)
	pages := readPages(f)
	for _, scheme := range []string{"light", "dark"} {
		tab.colours(scheme)
		for _, width := range []int64{1300, 375} {
			tab.do("size", chromedp.EmulateViewport(width, 812))
			for _, name := range slices.Sorted(maps.Keys(pages)) {
				tab.open(pages[name])
				at := fmt.Sprintf("%s, %s, %d pixels", name, scheme, width)
				if name == "square" {
					tab.click(`.tile-card[data-slot="1"] .cover`)
					tab.until("it plays", `!document.getElementById("player").hidden`)
					tab.click(`.tile-card[data-slot="0"] [data-act="skip"]`)
					if width == 375 {
						tab.until("the player fits", `(() => { const r = document.getElementById("player").getBoundingClientRect(); return r.left >= 0 && r.right <= innerWidth; })()`)
					}
				}
				for _, bad := range inTab[[]string](tab, contrastScript) {
					t.Errorf("%s: contrast: %s", at, bad)
				}
				if wide := inTab[int](tab, `document.documentElement.scrollWidth - window.innerWidth`); wide > 0 {
					t.Errorf("%s: wider than the window by %d", at, wide)
				}
				if width == 375 {
					for _, bad := range inTab[[]string](tab, smallScript) {
						t.Errorf("%s: too small: %s", at, bad)
					}
					for _, bad := range inTab[[]string](tab, cutScript) {
						t.Errorf("%s: cut off: %s", at, bad)
					}
				}
				if scheme == "light" {
					for _, bad := range inTab[[]string](tab, namesScript) {
						t.Errorf("%s: %s", at, bad)
					}
				}
				if name == "square" && width == 1300 {
					tab.click("#player-stop")
					tab.click(`.tile-card[data-slot="0"] [data-act="why"]`)
					for _, bad := range inTab[[]string](tab, contrastScript) {
						t.Errorf("%s, reasons open: contrast: %s", at, bad)
					}
				}
			}
		}
	}
}

// TestPagesByKeyboard goes through pages with the tab key: every stop is seen to have the focus, and stops come in the order of the page.
func TestPagesByKeyboard(t *testing.T) {
	f := newPagesFake(120, 60)
	tab := openPagesTab(t, f)
	for _, name := range []string{"pick", "square", "overview", "users", "models", "force"} {
		tab.open(readPages(f)[name])
		inTab[bool](tab, `(window.stops = [], true)`)
		for range 14 {
			tab.do("tab", chromedp.KeyEvent("\t"))
			said := inTab[string](tab, `(() => {
				const e = document.activeElement, s = getComputedStyle(e), last = window.stops.at(-1);
				if (e === document.body) return "";
				window.stops.push(e);
				if (last && !(last.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING)) return "out of order: " + e.outerHTML.slice(0, 90);
				if (s.outlineStyle === "none" || parseFloat(s.outlineWidth) < 2) return "no focus to be seen: " + e.outerHTML.slice(0, 90);
				return ""; })()`)
			if said != "" {
				t.Errorf("%s: %s", name, said)
			}
			if !inTab[bool](tab, `document.activeElement !== document.body`) {
				break
			}
		}
		if n := inTab[int](tab, `window.stops.length`); n < 8 {
			t.Errorf("%s: the tab key stops at %d places", name, n)
		}
	}

	// A card is played, stopped and liked, and dark is chosen, without a pointer.
	tab.open(readPages(f)["square"])
	tab.do("focus", chromedp.Evaluate[chromedp.Void](`document.querySelector(".cover").focus()`), chromedp.KeyEvent("\r"))
	tab.until("it plays", `!document.getElementById("player").hidden`)
	tab.do("next", chromedp.KeyEvent("\u0303")) // the right arrow
	tab.until("the next one plays", `document.querySelector('.playing[data-slot="1"]') !== null`)
	tab.do("escape", chromedp.KeyEvent("\u001b"))
	tab.until("it stopped", `document.getElementById("player").hidden && document.activeElement.closest('[data-slot="1"]') !== null`)
	tab.do("choose dark", chromedp.Evaluate[chromedp.Void](`document.getElementById("theme").focus()`), chromedp.KeyEvent("\r"))
	tab.open("/users")
	if got := inTab[string](tab, `document.documentElement.dataset.theme + " " + document.getElementById("theme").getAttribute("aria-pressed")`); got != "dark true" {
		t.Errorf("the next page is %q, want dark", got)
	}
}

// TestEmptyPages opens the pages of a server that has nothing yet: each says what to do.
func TestEmptyPages(t *testing.T) {
	f := newPagesFake(0, 0)
	f.noModel, f.versions = true, nil
	tab := openPagesTab(t, f)
	for path, want := range map[string]string{"/": "Nobody is known yet", "/overview": "segue recommend train", "/users": "Nobody is known yet", "/cards": "/v1/items", "/models": "segue recommend train"} {
		tab.open(path)
		if got := inTab[string](tab, `document.querySelector("main").innerText`); !containsFold(got, want) {
			t.Errorf("%s does not say %q: %s", path, want, got)
		}
	}
	tab.open("/")
	tab.click(".invent button")
	tab.until("the feed says what to do", `document.querySelector("#cards .empty") !== null && document.querySelector("#cards").innerText.includes("/v1/items")`)
}
