// A page as JSON, written by hand: it is the answer that is given most, and reflection would cost more than all else that the server does to it.
// What is written is what encoding/json writes of the same types, but that lists are never null; a test holds the two to each other.

package server

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// writePage appends p to b. A number that JSON does not have is an error.
func writePage(b *bytes.Buffer, p *FeedPage) error {
	w := pageWriter{dst: b.AvailableBuffer()}
	w.page(p)
	if w.err != nil {
		return w.err
	}
	b.Write(w.dst)
	return nil
}

type pageWriter struct {
	dst []byte
	err error
}

func (w *pageWriter) page(p *FeedPage) {
	w.text(`{"request_id":`, p.Request)
	w.text(`,"user":`, p.User)
	w.text(`,"model":`, p.Model)
	w.whole(`,"at_ms":`, p.AtMS)
	w.dst = strconv.AppendUint(append(w.dst, `,"seed":`...), p.Seed, 10)
	w.whole(`,"columns":`, int64(p.Columns))
	w.truth(`,"rested":`, p.Rested)
	w.dst = append(w.dst, `,"cards":[`...)
	for k := range p.Cards {
		if k > 0 {
			w.dst = append(w.dst, ',')
		}
		w.card(&p.Cards[k])
	}
	w.dst = append(w.dst, "]}"...)
}

func (w *pageWriter) card(c *FeedCard) {
	w.text(`{"item":`, c.Item)
	w.whole(`,"slot":`, int64(c.Slot))
	w.whole(`,"column":`, int64(c.Column))
	w.number(`,"score":`, c.Score)
	w.number(`,"click":`, c.Click)
	w.number(`,"propensity":`, c.Propensity)
	w.truth(`,"explored":`, c.Explored)
	w.text(`,"reason":`, c.Reason)
	w.text(`,"by":`, c.By)
	w.some(`,"cause":`, c.Cause)
	w.some(`,"content":`, c.Content)
	w.some(`,"creator":`, c.Creator)
	w.dst = append(w.dst, `,"sources":[`...)
	for k, s := range c.Sources {
		if k > 0 {
			w.dst = append(w.dst, ',')
		}
		w.text(`{"name":`, s.Name)
		w.whole(`,"rank":`, int64(s.Rank))
		w.dst = append(w.dst, '}')
	}
	w.dst = append(w.dst, ']')
	if c.Why != nil {
		w.why(c.Why)
	}
	w.dst = append(w.dst, '}')
}

func (w *pageWriter) why(y *Why) {
	w.number(`,"why":{"base":`, y.Base)
	w.dst = append(w.dst, `,"parts":[`...)
	for k, p := range y.Parts {
		if k > 0 {
			w.dst = append(w.dst, ',')
		}
		w.text(`{"feature":`, p.Feature)
		w.text(`,"value":`, p.Value)
		w.number(`,"adds":`, p.Adds)
		w.text(`,"means":`, p.Means)
		w.dst = append(w.dst, '}')
	}
	w.dst = append(w.dst, ']')
	w.number(`,"rest":`, y.Rest)
	if len(y.Themes) > 0 {
		w.dst = append(w.dst, `,"themes":[`...)
		for k, t := range y.Themes {
			if k > 0 {
				w.dst = append(w.dst, ',')
			}
			w.text(`{"theme":`, t.Theme)
			w.number(`,"adds":`, t.Adds)
			w.dst = append(w.dst, '}')
		}
		w.dst = append(w.dst, ']')
	}
	w.dst = append(w.dst, '}')
}

func (w *pageWriter) some(name, s string) {
	if s != "" {
		w.text(name, s)
	}
}

func (w *pageWriter) whole(name string, v int64) {
	w.dst = strconv.AppendInt(append(w.dst, name...), v, 10)
}

func (w *pageWriter) truth(name string, v bool) {
	w.dst = strconv.AppendBool(append(w.dst, name...), v)
}

// number writes v as ECMAScript would: without an exponent from 1e-6 up to 1e21.
func (w *pageWriter) number(name string, v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		w.err = fmt.Errorf("server: %s%v in a page; a number is expected", name[1:], v)
		return
	}
	w.dst = append(w.dst, name...)
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	w.dst = strconv.AppendFloat(w.dst, v, format, -1, 64)
	if n := len(w.dst); format == 'e' && n >= 4 && w.dst[n-4] == 'e' && w.dst[n-3] == '-' && w.dst[n-2] == '0' { // e-09 is written e-9
		w.dst[n-2] = w.dst[n-1]
		w.dst = w.dst[:n-1]
	}
}

const hexDigits = "0123456789abcdef"

// text writes s between quotes, what is not UTF-8 as U+FFFD.
func (w *pageWriter) text(name, s string) {
	w.dst = append(append(w.dst, name...), '"')
	from := 0
	for k := 0; k < len(s); {
		c := s[k]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			k++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[k:])
			if r == utf8.RuneError && size == 1 {
				w.dst = append(append(w.dst, s[from:k]...), `\ufffd`...)
				from = k + 1
			} else if r == '\u2028' || r == '\u2029' {
				w.dst = append(append(w.dst, s[from:k]...), `\u202`...)
				w.dst = append(w.dst, hexDigits[r&15])
				from = k + size
			}
			k += size
			continue
		}
		w.dst = append(w.dst, s[from:k]...)
		switch c {
		case '"', '\\':
			w.dst = append(w.dst, '\\', c)
		case '\n':
			w.dst = append(w.dst, '\\', 'n')
		case '\r':
			w.dst = append(w.dst, '\\', 'r')
		case '\t':
			w.dst = append(w.dst, '\\', 't')
		case '\b':
			w.dst = append(w.dst, '\\', 'b')
		case '\f':
			w.dst = append(w.dst, '\\', 'f')
		default:
			w.dst = append(w.dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		k++
		from = k
	}
	w.dst = append(append(w.dst, s[from:]...), '"')
}
