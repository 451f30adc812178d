// Small sets of texts with codes: genders, provinces, types of feedback.

package live

import "sync/atomic"

// dict gives codes from 0, of which 0 is "". One goroutine adds, any number read.
type dict struct {
	most  int // codes; beyond, texts are given 0
	codes map[string]int
	texts atomic.Pointer[[]string]
}

func newDict(most int) *dict {
	d := &dict{most: most, codes: map[string]int{"": 0}}
	d.texts.Store(&[]string{""})
	return d
}

// add is the code of a text; false where there is room for no more.
func (d *dict) add(text string) (int, bool) {
	if code, ok := d.codes[text]; ok {
		return code, true
	}
	texts := *d.texts.Load()
	if len(texts) >= d.most {
		return 0, false
	}
	texts = append(texts, text) // those who read the shorter one do not see it
	d.codes[text] = len(texts) - 1
	d.texts.Store(&texts)
	return len(texts) - 1, true
}

// at is the text of a code; "" for none.
func (d *dict) at(code int) string {
	if texts := *d.texts.Load(); code >= 0 && code < len(texts) {
		return texts[code]
	}
	return ""
}

// all are the texts by code.
func (d *dict) all() []string { return *d.texts.Load() }
