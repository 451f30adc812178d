// What the router says of a request that does not fit its description, in the words of the rest of this interface, and each at the field that it is about.

package server

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// routerSays are messages of the router, and what is said in their place.
var routerSays = map[string]string{
	"validation failed": "what was sent cannot be taken", "request body is required": "a body is expected",
	"unknown query parameter": "there is no such parameter", "unexpected property": "there is no such field", "expected length >= 1": "it is empty; text is expected",
	"invalid integer": "a whole number is expected", "invalid float": "a number is expected", "invalid floating value": "a number is expected", "invalid boolean": "true or false is expected",
	"expected integer": kindExpected + ": a whole number", "expected number": kindExpected + ": a number", "expected boolean": kindExpected + ": true or false",
	"expected string": kindExpected + ": text", "expected object": kindExpected + ": an object", "expected array": kindExpected + ": an array",
}

// routerCounts are those that end in a number.
var routerCounts = []struct{ before, words string }{
	{"expected number >= ", "at least %s is expected"}, {"expected number <= ", "at most %s is expected"}, {"expected array length <= ", "at most %s values are expected"},
}

// kindExpected is said of text where a number is to stand, and the like.
const kindExpected = "another kind of value is expected"

// fieldMark stands between a field and what is wrong with it in the text of an error, which is all that the router keeps of one that reading a body gives.
const fieldMark = "\x00"

// inOurWords rewrites what the router says.
func inOurWords(p *huma.ErrorModel) {
	for _, f := range p.Errors {
		if f != nil {
			wordField(f)
		}
	}
	switch {
	case p.Status == http.StatusUnsupportedMediaType && len(p.Errors) > 0 && p.Errors[0] != nil: // which is about no field
		p.Detail, p.Errors = p.Errors[0].Message, nil
	case routerSays[p.Detail] != "":
		p.Detail = routerSays[p.Detail]
	}
}

func wordField(f *huma.ErrorDetail) {
	if name, what, ok := strings.Cut(f.Message, fieldMark); ok {
		f.Location, f.Message = f.Location+dotted(name), what
		return
	}
	if said := routerSays[f.Message]; said != "" {
		f.Message = said
		return
	}
	for _, c := range routerCounts {
		if n, ok := strings.CutPrefix(f.Message, c.before); ok {
			if v, err := strconv.ParseFloat(n, 64); err == nil {
				n = strconv.FormatFloat(v, 'f', -1, 64) // not 8.796093022208e+12
			}
			f.Message = fmt.Sprintf(c.words, n)
			return
		}
	}
	if name, ok := strings.CutPrefix(f.Message, "expected required property "); ok {
		f.Location, f.Message = f.Location+"."+strings.TrimSuffix(name, " to be present"), "it is missing"
	}
	if strings.HasPrefix(f.Message, "unknown content type: ") { // which is not told back
		f.Message = "a Content-Type of application/json is expected"
	}
}
