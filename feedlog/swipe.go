// This file reads the nested list of swipes, in the Python spelling of the reference files or as JSON. Its keys are those of the
// reference log whatever the layout, in any order; mlogId must be there, any other key may be missing or null.

package feedlog

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
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
	*sw = Swipe{Position: -1, ViewSeconds: nan32}
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
			return "", next, "a colon after key " + clip(key, 60)
		}
		value, next, ok := p.scalar(next)
		if !ok {
			return "", next, "a value of key " + clip(key, 60)
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
			return bit, wantFlag
		}
		*dst = v
		return bit, ""
	}
	switch key {
	case "mlogId":
		if null || !validText(value) {
			return 1, wantID
		}
		sw.CardID = value
		return 1, ""
	case "position":
		if null {
			return 2, ""
		}
		n, ok := parseInt(value, 0, math.MaxInt32)
		if !ok {
			return 2, wantInt(0, math.MaxInt32)
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
			return 8, wantNumber
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
	s = skipBlanks(s)
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

// escaped reads a quoted string that has escapes, those of JSON and those that Python writes: \\ \' \" \/ \b \f \n \r \t, and
// characters by number, in hexadecimal: \x and two digits, \u and four, surrogate pairs included, \U and eight.
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
		if i++; i == len(s) {
			break
		}
		if at := strings.IndexByte(`\'"/bfnrt`, s[i]); at >= 0 {
			p.text.WriteByte("\\'\"/\b\f\n\r\t"[at])
			continue
		}
		var r rune
		switch s[i] {
		case 'x':
			if r, ok = hexRune(s[i+1:], 2); !ok {
				return "", s, false
			}
			i += 2
		case 'u':
			if r, ok = hexRune(s[i+1:], 4); !ok {
				return "", s, false
			}
			i += 4
			if utf16.IsSurrogate(r) {
				var low rune
				if strings.HasPrefix(s[i+1:], `\u`) {
					low, _ = hexRune(s[i+3:], 4)
				}
				if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
					return "", s, false
				}
				i += 6
			}
		case 'U':
			if r, ok = hexRune(s[i+1:], 8); !ok || !utf8.ValidRune(r) {
				return "", s, false
			}
			i += 8
		default:
			return "", s, false
		}
		p.text.WriteRune(r)
	}
	return "", s, false
}

// hexRune reads n hexadecimal digits from the start of s.
func hexRune(s string, n int) (rune, bool) {
	if len(s) < n {
		return 0, false
	}
	v, err := strconv.ParseUint(s[:n], 16, 31)
	return rune(v), err == nil
}

// cutToken takes a punctuation mark, and the blanks before and after it, from the start of s.
func cutToken(s string, mark byte) (rest string, ok bool) {
	s = skipBlanks(s)
	if s == "" || s[0] != mark {
		return s, false
	}
	return skipBlanks(s[1:]), true
}

func skipBlanks(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t' || s[0] == '\n' || s[0] == '\r') {
		s = s[1:]
	}
	return s
}
