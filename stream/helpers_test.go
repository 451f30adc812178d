package stream

import "github.com/google/go-cmp/cmp"

func differs(got, want Event) string { return cmp.Diff(want, got) }
