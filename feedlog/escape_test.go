package feedlog

import "testing"

// Strings of the nested list as JSON and as Python write them.
func TestEscapes(t *testing.T) {
	for _, c := range []struct {
		quoted, want string
		ok           bool
	}{
		{`'plain'`, "plain", true},
		{`'it\'s \"so\" \\ \/ \b\f\n\r\t'`, "it's \"so\" \\ / \b\f\n\r\t", true},
		{`'caf\xe9'`, "café", true},
		{`"\u97f3\u4e50"`, "音乐", true},
		{`"\ud83c\udfb5"`, "🎵", true}, // a surrogate pair, as JSON has it
		{`'\U0001f3b5'`, "🎵", true},   // and by its own number, as Python has it
		{`"\ud83c"`, "", false},       // half of a pair
		{`'\U0000d83c'`, "", false},
		{`'\U00110000'`, "", false}, // beyond the last character
		{`'\Uffffffff'`, "", false},
		{`'\U0001f3b'`, "", false}, // a digit too few
		{`'\xg0'`, "", false},
		{`'\q'`, "", false},
		{`'\`, "", false},
		{`'open`, "", false},
	} {
		var p swipeParser
		got, rest, ok := p.scalar(c.quoted)
		if ok != c.ok || ok && (got != c.want || rest != "") {
			t.Errorf("%s is read as %q, %q left, %v; expected %q, %v", c.quoted, got, rest, ok, c.want, c.ok)
		}
	}
}
