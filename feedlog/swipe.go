// This file reads the nested list of swipes, in the Python spelling of the reference files or as JSON.

package feedlog

import (
	"math"
	"strings"
)

// swipeParser reads lists one after the other; its arena holds the swipes of a batch.
type swipeParser struct {
	arena []Swipe
	text  strings.Builder // for strings with escapes
}

// parse reads one list, [] or [{...}, {...}], and returns its swipes. found and want describe what is
// wrong with a list that cannot be read.
func (p *swipeParser) parse(s string) (swipes []Swipe, found, want string) {
	begin := len(p.arena)
	rest := strings.TrimSpace(s)
	rest, ok := cutToken(rest, '[')
	if !ok {
		return nil, s, "a list in square brackets"
	}
	if after, empty := cutToken(rest, ']'); empty {
		if after != "" {
			return nil, after, "the end of the list"
		}
		return p.arena[begin:begin:begin], "", ""
	}
	for {
		var sw Swipe
		rest, found, want = p.entry(rest, &sw)
		if want != "" {
			p.arena = p.arena[:begin]
			return nil, found, want
		}
		p.arena = append(p.arena, sw)
		if next, more := cutToken(rest, ','); more {
			rest = next
			continue
		}
		end, closed := cutToken(rest, ']')
		if !closed || end != "" {
			p.arena = p.arena[:begin]
			return nil, rest, "a comma or the end of the list"
		}
		return p.arena[begin:len(p.arena):len(p.arena)], "", ""
	}
}

// entry reads one {...}.
func (p *swipeParser) entry(s string, sw *Swipe) (rest, found, want string) {
	*sw = Swipe{Position: -1, ViewSeconds: float32(math.NaN())}
	rest, ok := cutToken(s, '{')
	if !ok {
		return "", s, "an entry in braces"
	}
	seen := 0
	for {
		key, next, ok := p.scalar(rest)
		if !ok {
			return "", rest, "a key of a list entry"
		}
		if next, ok = cutToken(next, ':'); !ok {
			return "", next, "a colon after key " + key
		}
		value, next, ok := p.scalar(next)
		if !ok {
			return "", next, "a value of key " + key
		}
		bit, wanted := sw.set(key, value)
		switch {
		case bit == 0:
			return "", key, "a key of a list entry"
		case wanted != "":
			return "", value, wanted + " (key " + key + " of a list entry)"
		case seen&bit != 0:
			return "", key, "a key that stands once in a list entry"
		}
		seen |= bit
		rest = next
		if next, ok = cutToken(rest, ','); ok {
			rest = next
			continue
		}
		if next, ok = cutToken(rest, '}'); !ok {
			return "", rest, "a comma or the end of a list entry"
		}
		if sw.CardID == "" {
			return "", "an entry without mlogId", "a card in every list entry"
		}
		return next, "", ""
	}
}

// set gives a swipe the value of one key. bit is the key's own, 0 for an unknown key; want is what the value
// should have been, "" when it was right.
func (sw *Swipe) set(key, value string) (bit int, want string) {
	null := isNull(value) || value == "None" || value == "null"
	flag := func(bit int, dst *bool) (int, string) {
		v, ok := parseFlag(value)
		if !ok && !null {
			return bit, "0 or 1"
		}
		*dst = v
		return bit, ""
	}
	switch key {
	case "mlogId":
		if null {
			return 1, "a card id"
		}
		sw.CardID = value
		return 1, ""
	case "position":
		if null {
			return 2, ""
		}
		n, ok := parseInt(value, 0, math.MaxInt32)
		if !ok {
			return 2, "a whole number from 0"
		}
		sw.Position = int32(n)
		return 2, ""
	case "logtime":
		if null {
			return 4, ""
		}
		n, ok := parseInt(value, -farMillis, farMillis)
		if !ok {
			return 4, "a time in milliseconds"
		}
		sw.SwipedAtMS = n
		return 4, ""
	case "mlogViewTime":
		if null {
			return 8, ""
		}
		f, ok := parseFloat(value)
		if !ok {
			return 8, "a number"
		}
		sw.ViewSeconds = f
		return 8, ""
	case "isZan":
		return flag(16, &sw.Liked)
	case "isComment":
		return flag(32, &sw.Commented)
	case "isShare":
		return flag(64, &sw.Shared)
	case "isViewComment":
		return flag(128, &sw.ViewedComments)
	case "isIntoPersonalHomepage":
		return flag(256, &sw.VisitedCreator)
	}
	return 0, ""
}

// scalar reads a string in single or double quotes with backslash escapes, or a bare word or number.
func (p *swipeParser) scalar(s string) (value, rest string, ok bool) {
	s = strings.TrimLeft(s, " \t")
	if s == "" {
		return "", s, false
	}
	quote := s[0]
	if quote != '\'' && quote != '"' {
		i := strings.IndexAny(s, ",:{}[]'\" \t")
		if i <= 0 {
			return "", s, false
		}
		return s[:i], s[i:], true
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case quote:
			return s[1:i], s[i+1:], true
		case '\\':
			return p.escaped(s, quote)
		}
	}
	return "", s, false
}

// escaped reads a quoted string that has escapes: \\ \' \" \/ \n \t \r, and \uXXXX as it stands in JSON.
func (p *swipeParser) escaped(s string, quote byte) (value, rest string, ok bool) {
	p.text.Reset()
	for i := 1; i < len(s); i++ {
		c := s[i]
		if c == quote {
			return p.text.String(), s[i+1:], true
		}
		if c != '\\' {
			p.text.WriteByte(c)
			continue
		}
		i++
		if i == len(s) {
			break
		}
		switch s[i] {
		case '\\', '\'', '"', '/':
			p.text.WriteByte(s[i])
		case 'n':
			p.text.WriteByte('\n')
		case 't':
			p.text.WriteByte('\t')
		case 'r':
			p.text.WriteByte('\r')
		case 'u':
			if i+4 >= len(s) {
				return "", s, false
			}
			r, valid := hex4(s[i+1 : i+5])
			if !valid {
				return "", s, false
			}
			p.text.WriteRune(r)
			i += 4
		default:
			return "", s, false
		}
	}
	return "", s, false
}

func hex4(s string) (rune, bool) {
	var r rune
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		switch {
		case s[i]-'0' <= 9:
			r = r<<4 | rune(s[i]-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// cutToken takes a punctuation mark, and the blanks before and after it, from the start of s.
func cutToken(s string, mark byte) (rest string, ok bool) {
	i := 0
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	if i == len(s) || s[i] != mark {
		return s, false
	}
	i++
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	return s[i:], true
}
