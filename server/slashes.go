// The id that is a slash. http.ServeMux takes a segment that is %2F for the end of a path and lets no wildcard stand for it, though it does for a%2Fb: what it finds
// no route for is asked again with that segment written in another way, which is read back where a route takes its id.

package server

import (
	"net/http"
	"net/url"
	"strings"
)

// slashMark stands for an id that is a slash. No id is like it, since none holds NUL.
const slashMark = "\x00/"

// slashed is a mux whose routes are given the id that was sent.
type slashed struct{ *http.ServeMux }

// HandleFunc implements humago.Mux.
func (m slashed) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	m.ServeMux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if v := visitOf(r.Context()); v != nil && v.slashes && r.PathValue("id") == slashMark {
			r.SetPathValue("id", "/")
		}
		handler(w, r)
	})
}

// withSlashes is r with its segments that are a slash written as slashMark; nil where there are none, or r is that already.
func withSlashes(r *http.Request) *http.Request {
	v := visitOf(r.Context())
	if v == nil || v.slashes {
		return nil
	}
	segments := strings.Split(r.URL.EscapedPath(), "/")
	for k, s := range segments {
		if strings.EqualFold(s, "%2F") {
			segments[k], v.slashes = url.PathEscape(slashMark), true
		}
	}
	if !v.slashes {
		return nil
	}
	again, u := *r, *r.URL
	u.RawPath = strings.Join(segments, "/")
	path, err := url.PathUnescape(u.RawPath)
	if err != nil {
		return nil
	}
	u.Path, again.URL = path, &u
	return &again
}
