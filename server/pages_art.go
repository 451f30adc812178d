// Cover art: a picture for cards that have none. The topic chooses colours and the kind of pattern, so that cards of a topic look akin; the card and its
// creator choose how the pattern lies. The same card has the same picture everywhere and always.

package server

import (
	"fmt"
	"hash/fnv"
	"html/template"
	"math"
	"math/rand/v2"
	"strings"
)

// palettes are five colours each: the ground first, then from what stands out most.
var palettes = [][5]string{
	{"#1d3557", "#f1faee", "#e63946", "#a8dadc", "#457b9d"}, {"#f4e9d8", "#d1495b", "#00798c", "#edae49", "#30638e"}, {"#2b2d42", "#ef8354", "#f7f0e6", "#8d99ae", "#4f5d75"},
	{"#0b3d3a", "#f6c65b", "#e9f5db", "#3aa17e", "#17695f"}, {"#ffe8d6", "#cb997e", "#6b705c", "#b7b7a4", "#ddbea9"}, {"#3d1e6d", "#ff9f6b", "#f7d6ff", "#8c5fd0", "#5e37a1"},
	{"#fdf0d5", "#c1121f", "#003049", "#669bbc", "#f4a261"}, {"#102a43", "#f0b429", "#d9e2ec", "#2680c2", "#1f4e79"}, {"#e8f1ee", "#1b7f5c", "#f28b50", "#94c9b5", "#26413c"},
	{"#4a0d2e", "#ffb4a2", "#ffe5d9", "#b5446e", "#7d1d4d"}, {"#e6ecff", "#3a4fd8", "#ff6f59", "#9fb0ff", "#1c2366"}, {"#22211f", "#e3b23c", "#f2efe6", "#8a7a5c", "#4b463c"},
	{"#fff1e0", "#ff7f50", "#2a6f97", "#ffd08a", "#014f86"}, {"#123524", "#efe3c8", "#e07a3f", "#5b8e55", "#2f5d3a"}, {"#f6e7f2", "#8e3b8a", "#2fa4a0", "#d7a8d0", "#4b1d5b"},
	{"#0f1b3d", "#7ee0d0", "#fbe8a6", "#4263c9", "#243a86"},
}

// patterns draw on a square of 120 over the ground.
var patterns = []func(*artist){(*artist).rings, (*artist).hills, (*artist).quarters, (*artist).bars, (*artist).waves, (*artist).moons, (*artist).petals, (*artist).stripes, (*artist).strings, (*artist).blocks}

type artist struct {
	strings.Builder
	*rand.Rand
	colour [5]string
}

func hashOf(parts ...string) uint64 {
	h := fnv.New64a()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	x := h.Sum64() // FNV's low bits follow the last byte closely
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	return x ^ x>>32
}

// coverArt draws the picture of a card. It says nothing to readers of screens.
func coverArt(content, creator, item string) template.HTML {
	topic := hashOf("topic", content)
	if content == "" { // then those of a creator look akin
		topic = hashOf("of creator", creator)
	}
	a := &artist{Rand: rand.New(rand.NewPCG(hashOf("card", item), hashOf("creator", creator))), colour: palettes[topic%uint64(len(palettes))]}
	if a.IntN(2) == 1 {
		a.colour[2], a.colour[3] = a.colour[3], a.colour[2]
	}
	fmt.Fprintf(a, `<svg class="art" viewBox="0 0 120 120" preserveAspectRatio="xMidYMid slice" aria-hidden="true" focusable="false"><rect width="120" height="120" fill="%s"/>`, a.colour[0])
	patterns[topic/uint64(len(palettes))%uint64(len(patterns))](a)
	a.WriteString(`</svg>`)
	return template.HTML(a.String())
}

func (a *artist) between(low, high float64) float64 { return low + (high-low)*a.Float64() }

func (a *artist) circle(x, y, r float64, fill string) {
	fmt.Fprintf(a, `<circle cx="%.1f" cy="%.1f" r="%.1f" fill="%s"/>`, x, y, r, fill)
}

func (a *artist) path(fill, d string, v ...any) {
	fmt.Fprintf(a, `<path fill="%s" d="%s"/>`, fill, fmt.Sprintf(d, v...))
}

// rings are a record, its centre somewhere on the cover.
func (a *artist) rings() {
	x, y := a.between(30, 90), a.between(30, 90)
	for k, r := 0, a.between(78, 96); r > 8; k++ {
		a.circle(x, y, r, a.colour[1+k%4])
		r -= a.between(8, 17)
	}
	a.circle(x, y, 4, a.colour[0])
}

// hills lie under a sun.
func (a *artist) hills() {
	a.circle(a.between(25, 95), a.between(24, 50), a.between(12, 22), a.colour[1])
	for k := range 3 {
		y := 58 + 20*float64(k) + a.between(-5, 5)
		a.path(a.colour[2+k], "M0 %.1fC%.1f %.1f %.1f %.1f 120 %.1fV120H0z", y+a.between(-6, 6), a.between(20, 45), y-a.between(14, 30), a.between(70, 100), y+a.between(8, 22), y+a.between(-8, 6))
	}
}

// quarters are quarter circles on a grid of three.
func (a *artist) quarters() {
	for k := range 9 {
		x, y := float64(k%3)*40, float64(k/3)*40
		c := a.Perm(5)
		fmt.Fprintf(a, `<rect x="%.0f" y="%.0f" width="40.5" height="40.5" fill="%s"/>`, x, y, a.colour[c[0]])
		fill := a.colour[c[1]]
		switch a.IntN(5) {
		case 0:
			a.path(fill, "M%.0f %.0fh40a40 40 0 0 1-40 40z", x, y)
		case 1:
			a.path(fill, "M%.0f %.0fv40a40 40 0 0 1-40-40z", x+40, y)
		case 2:
			a.path(fill, "M%.0f %.0fh-40a40 40 0 0 1 40-40z", x+40, y+40)
		case 3:
			a.path(fill, "M%.0f %.0fv-40a40 40 0 0 1 40 40z", x, y+40)
		default:
			a.circle(x+20, y+20, 13, fill)
		}
	}
}

// bars stand like a sound's loudness.
func (a *artist) bars() {
	phase, step := a.between(0, 6), a.between(.5, 1.1)
	for k := range 9 {
		h := 16 + 62*math.Abs(math.Sin(phase+step*float64(k))) + a.between(0, 12)
		fmt.Fprintf(a, `<rect x="%.1f" y="%.1f" width="8" height="%.1f" rx="4" fill="%s"/>`, 9+11.75*float64(k), 60-h/2, h, a.colour[1+(k+a.IntN(2))%4])
	}
}

// waves roll over the cover.
func (a *artist) waves() {
	a.circle(a.between(20, 100), a.between(16, 34), a.between(9, 15), a.colour[1])
	shift := a.between(-30, 0)
	for k := range 4 {
		y, high := 44+20*float64(k), a.between(8, 16)
		a.path(a.colour[1+(k+1)%4], "M%.1f %.1fq15-%.1f 30 0t30 0 30 0 30 0 30 0 30 0V130H%.1fz", shift-float64(k)*5, y, high*1.6, shift-float64(k)*5)
	}
}

// moons are discs that cover each other.
func (a *artist) moons() {
	for k := range 3 {
		x, y, r := a.between(15, 105), a.between(15, 105), a.between(20, 38)
		a.circle(x, y, r, a.colour[1+k])
		a.circle(x+r*a.between(.25, .5), y-r*a.between(.1, .35), r*.84, a.colour[(k+4)%5])
	}
}

// petals stand around a middle.
func (a *artist) petals() {
	x, y, n := a.between(45, 75), a.between(45, 75), 6+2*a.IntN(4)
	long, wide := a.between(44, 62), a.between(9, 14)
	for k := range n {
		fmt.Fprintf(a, `<ellipse cx="%.1f" cy="%.1f" rx="%.1f" ry="%.1f" fill="%s" transform="rotate(%.1f %.1f %.1f)"/>`, x, y-long/2, wide, long/2, a.colour[1+k%3], 360*float64(k)/float64(n), x, y)
	}
	a.circle(x, y, a.between(9, 14), a.colour[4])
}

// stripes cross a disc.
func (a *artist) stripes() {
	turn := a.between(-50, 50)
	fmt.Fprintf(a, `<g transform="rotate(%.1f 60 60)">`, turn)
	for k, at := 0, -40.0; at < 160; k++ {
		w := a.between(7, 19)
		fmt.Fprintf(a, `<rect x="%.1f" y="-50" width="%.1f" height="220" fill="%s"/>`, at, w, a.colour[1+k%4])
		at += w + a.between(4, 16)
	}
	a.WriteString(`</g>`)
	x, y, r := a.between(40, 80), a.between(40, 80), a.between(18, 28)
	a.circle(x, y, r, a.colour[0])
	a.circle(x, y, r*.55, a.colour[1])
}

// strings swing between two edges.
func (a *artist) strings() {
	from, to := a.between(0, 60), a.between(60, 120)
	for k := range 11 {
		t := float64(k) * 9
		fmt.Fprintf(a, `<path fill="none" stroke="%s" stroke-width="%.1f" stroke-linecap="round" d="M-4 %.1fQ%.1f %.1f 124 %.1f"/>`, a.colour[1+k%4], a.between(1.5, 4), from-30+t, a.between(40, 80), 120-t*1.1, to-60+t*1.2)
	}
	a.circle(a.between(30, 90), a.between(30, 90), a.between(9, 15), a.colour[1])
}

// blocks are a town of triangles and boxes.
func (a *artist) blocks() {
	for k := range 16 {
		x, y := float64(k%4)*30, float64(k/4)*30
		switch c := a.colour[1+a.IntN(4)]; a.IntN(4) {
		case 0:
			a.path(c, "M%.0f %.0fh30v30z", x, y)
		case 1:
			a.path(c, "M%.0f %.0fv30h30z", x, y)
		case 2:
			fmt.Fprintf(a, `<rect x="%.0f" y="%.0f" width="30.3" height="30.3" fill="%s"/>`, x, y, c)
		default:
			a.circle(x+15, y+15, 9, c)
		}
	}
}
