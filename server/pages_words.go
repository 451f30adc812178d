// How the pages write numbers, moments and what is known of people: for reading, with no more digits than tell something.

package server

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/seguefeed/segue/stream"
)

// countText writes a whole number with thousands separators.
func countText[T int | int64 | uint64](n T) string {
	text := fmt.Sprint(n)
	sign := ""
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return sign + text
}

// countOf is a count with its unit, which is given in the singular.
func countOf(n int, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return countText(n) + " " + unit
}

// numberText writes v to n significant figures, without an exponent; what is not known is a dash.
func numberText(v float64, n int) string {
	a := math.Abs(v)
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case a == 0:
		return "0"
	case a >= min(1000, math.Pow(10, float64(n))):
		return countText(int64(math.Round(v)))
	}
	digits := max(0, n-1-int(math.Floor(math.Log10(a))))
	text := strconv.FormatFloat(v, 'f', min(digits, 9), 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// shareText writes a share as a percentage, of which a column has the same digits: one behind the point, two below 1%.
func shareText(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case a == 0:
		return "0%"
	case a < .0001:
		return "<0.01%"
	case a < .00995:
		return strconv.FormatFloat(100*v, 'f', 2, 64) + "%"
	case a == 1:
		return strconv.FormatFloat(100*v, 'f', 0, 64) + "%"
	case a > .9995 && a < 1:
		return "99.9%"
	}
	return strconv.FormatFloat(100*v, 'f', 1, 64) + "%"
}

// timesText writes a multiple, as 1.80×.
func timesText(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case v >= 10:
		return numberText(v, 2) + "×"
	}
	return strconv.FormatFloat(v, 'f', 2, 64) + "×"
}

// changeText writes what log-odds do to the odds: ×1.80 raises them, ÷1.80 lowers them as much.
func changeText(adds float64) string {
	sign, v := "×", math.Exp(math.Abs(adds))
	if adds < 0 {
		sign = "÷"
	}
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case v >= 10:
		return sign + numberText(v, 2)
	}
	return sign + strconv.FormatFloat(v, 'f', 2, 64)
}

// secondsText writes a time of viewing.
func secondsText(v float64) string {
	switch {
	case v >= 5400:
		return numberText(v/3600, 2) + " h"
	case v >= 120:
		return numberText(v/60, 2) + " min"
	}
	return numberText(v, 2) + " s"
}

// millisText writes a latency.
func millisText(v float64) string {
	if v <= 0 || math.IsNaN(v) {
		return "–"
	}
	return numberText(v, 2) + " ms"
}

// agoText says how long before now a moment was.
func agoText(atMS int64, now time.Time) string {
	if atMS <= 0 {
		return "never"
	}
	d := now.Sub(time.UnixMilli(atMS))
	switch {
	case d < -time.Minute:
		return time.UnixMilli(atMS).In(now.Location()).Format("2 Jan 2006 15:04")
	case d < 5*time.Second:
		return "just now"
	case d < time.Minute:
		return countOf(int(d/time.Second), "second") + " ago"
	case d < time.Hour:
		return countOf(int(d/time.Minute), "minute") + " ago"
	case d < 48*time.Hour:
		return countOf(int(d/time.Hour), "hour") + " ago"
	case d < 60*24*time.Hour:
		return countOf(int(d/(24*time.Hour)), "day") + " ago"
	}
	return time.UnixMilli(atMS).In(now.Location()).Format("2 Jan 2006")
}

// shortID keeps the ends of a long id, as a whole.
func shortID(id string) string {
	const most, head, tail = 16, 7, 6
	if utf8.RuneCountInString(id) <= most {
		return id
	}
	r := []rune(id)
	return string(r[:head]) + "…" + string(r[len(r)-tail:])
}

// topicText is a content as people read it: the last level of a category that is written as a path of levels.
func topicText(content string) string {
	if content == "" {
		return "No topic"
	}
	if k := strings.LastIndexAny(content, ",/>"); k >= 0 && k < len(content)-1 {
		content = strings.TrimSpace(content[k+1:])
	}
	if _, err := strconv.Atoi(content); err == nil {
		return "Topic " + content
	}
	return content
}

// segmentsOf are the segments in order, the least engaged first.
var segmentsOf = []string{"never seen", "looks in passing", "browses", "clicks", "clicks a lot"}

// segmentMeans says whom segmentOf puts where.
var segmentMeans = map[string]string{"never seen": "no card shown yet", "looks in passing": "no click, 8 cards at most", "browses": "no click, more than 8 cards", "clicks": "1 to 9 clicks", "clicks a lot": "10 clicks or more"}

// segmentRank is a segment's place, from 0; -1 for one that is not known.
func segmentRank(name string) int { return slices.Index(segmentsOf, name) }

// whoText says who a user is, sinceText what she is to the app, as far as is known.
func whoText(u *UserView) []string {
	var facts []string
	switch strings.ToLower(u.Gender) {
	case "":
	case "female", "f":
		facts = append(facts, "woman")
	case "male", "m":
		facts = append(facts, "man")
	default:
		facts = append(facts, u.Gender)
	}
	if u.Age != nil && *u.Age > 0 {
		facts = append(facts, fmt.Sprintf("%d years", *u.Age))
	}
	if u.Province != "" {
		facts = append(facts, placeText(u.Province))
	}
	return facts
}

func sinceText(u *UserView) []string {
	var facts []string
	if u.Months != nil {
		switch m := *u.Months; {
		case m == 0:
			facts = append(facts, "new this month")
		case m == 1:
			facts = append(facts, "here for 1 month")
		case m < 24:
			facts = append(facts, fmt.Sprintf("here for %d months", m))
		default:
			facts = append(facts, fmt.Sprintf("here for %d years", m/12))
		}
	}
	if u.Follows != nil && *u.Follows > 0 {
		facts = append(facts, "follows "+countOf(*u.Follows, "account"))
	}
	return facts
}

// factsText is both in a line.
func factsText(u *UserView) string { return strings.Join(append(whoText(u), sinceText(u)...), ", ") }

// titleText is what a user is called where people are to tell users apart: her name where she was invented here, else who she is.
func titleText(u *UserView) string {
	if name := inventedName(u); name != "" {
		return name
	}
	who := whoText(&UserView{Gender: u.Gender})
	if len(who) == 0 {
		who = []string{"someone"}
	}
	if u.Age != nil && *u.Age > 0 {
		who = append(who, strconv.Itoa(*u.Age))
	}
	title := capital(strings.Join(who, ", "))
	switch {
	case u.Province == "":
		return title
	case len(who) == 1:
		return title + " from " + placeText(u.Province)
	}
	return title + ", " + placeText(u.Province)
}

// inventedName is the name that someone invented in Music Square was given; "" for others.
func inventedName(u *UserView) string {
	if n := len(u.Comment); n > 0 && n <= 40 && strings.HasPrefix(u.User, "invented-") {
		return u.Comment
	}
	return ""
}

// capital begins a text with a capital letter.
func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

// deeds are kinds of events as words, in the order in which they count.
var deeds = []struct{ kind, word string }{
	{string(stream.Click), "clicked"}, {string(stream.Like), "liked"}, {string(stream.Share), "shared"}, {string(stream.Follow), "followed"}, {string(stream.Comment), "commented"},
	{string(stream.ReadComments), "read comments"}, {string(stream.Visit), "visited the creator"}, {string(stream.Swipe), "swiped to"}, {string(stream.View), "watched"}, {string(stream.Impression), "saw"},
}

// didText says what was done with a card: all that was done beyond seeing it, else that it was seen.
func didText(d Doing) (text string, passed bool) {
	var words []string
	for _, deed := range deeds {
		if slices.Contains(d.Did, deed.kind) && (deed.kind != string(stream.Impression) || len(words) == 0) {
			word := deed.word
			if deed.kind == string(stream.View) && d.Seconds != nil {
				word += " " + secondsText(*d.Seconds)
			}
			words = append(words, word)
		}
	}
	if d.Seconds != nil && *d.Seconds > 0 && !slices.Contains(d.Did, string(stream.View)) {
		words = append(slices.DeleteFunc(words, func(w string) bool { return w == "saw" }), "watched "+secondsText(*d.Seconds))
	}
	for _, kind := range d.Did {
		if !slices.ContainsFunc(deeds, func(one struct{ kind, word string }) bool { return one.kind == kind }) {
			words = append(words, strings.ReplaceAll(kind, "_", " "))
		}
	}
	passed = len(words) == 0 || len(words) == 1 && words[0] == "saw"
	if passed {
		return "saw it, went on", true
	}
	return strings.Join(words, ", "), false
}

// meter is a bar of 0 to 100, drawn as a picture so that no style stands in the page.
func meter(v float64) string {
	if math.IsNaN(v) {
		v = 0
	}
	return strconv.FormatFloat(math.Round(1000*min(max(v, 0), 1))/10, 'f', -1, 64)
}

// chanceOf is the probability of log-odds.
func chanceOf(logOdds float64) float64 { return 1 / (1 + math.Exp(-logOdds)) }

// icons are drawn in a square of 24.
var icons = map[string]string{
	"play":   `<path d="M8 5.2v13.6a.8.8 0 0 0 1.2.7l10.6-6.8a.8.8 0 0 0 0-1.4L9.2 4.5a.8.8 0 0 0-1.2.7z" fill="currentColor" stroke="none"/>`,
	"stop":   `<rect x="6" y="6" width="12" height="12" rx="2" fill="currentColor" stroke="none"/>`,
	"next":   `<path d="M5 5.5v13l9-6.5z" fill="currentColor" stroke="none"/><path d="M18 5.5v13"/>`,
	"heart":  `<path d="M12 20s-7.5-4.6-7.5-10.2A4.2 4.2 0 0 1 12 7.2a4.2 4.2 0 0 1 7.5 2.6C19.5 15.4 12 20 12 20z"/>`,
	"share":  `<path d="M12 15V4M8 7.5 12 3.8l4 3.7M5 12v7h14v-7"/>`,
	"follow": `<circle cx="10" cy="8" r="3.6"/><path d="M3.5 20c.5-3.8 3-5.6 6.5-5.6s6 1.8 6.5 5.6M18.5 7v6M15.5 10h6"/>`,
	"skip":   `<path d="m6 6 12 12M18 6 6 18"/>`,
	"why":    `<circle cx="12" cy="12" r="8.5"/><path d="M9.6 9.5a2.5 2.5 0 1 1 3.7 2.2c-.9.5-1.3 1-1.3 2"/><circle cx="12" cy="16.7" r=".6" fill="currentColor"/>`,
	"again":  `<path d="M19 12a7 7 0 1 1-2.1-5M19 4v4h-4"/>`,
	"dice":   `<rect x="4" y="4" width="16" height="16" rx="4"/><circle cx="8.8" cy="8.8" r="1" fill="currentColor"/><circle cx="15.2" cy="15.2" r="1" fill="currentColor"/><circle cx="12" cy="12" r="1" fill="currentColor"/>`,
	"mind":   `<path d="M4 19V9M9.3 19V5M14.7 19v-8M20 19v-5"/>`,
	"theme":  `<circle cx="12" cy="12" r="8"/><path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor" stroke="none"/>`,
	"search": `<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>`,
	"spark":  `<path d="M12 3.5 14 10l6.5 2-6.5 2-2 6.5-2-6.5L3.5 12 10 10z" fill="currentColor" stroke="none"/>`,
}

// icon is one of them; it says nothing to readers of screens, since what it stands in does.
func icon(name string) template.HTML {
	return template.HTML(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">` + icons[name] + `</svg>`)
}
