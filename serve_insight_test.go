package segue

import "testing"

func TestValueText(t *testing.T) {
	for _, c := range []struct{ value, unit, want string }{
		{"0.15", "share", "15%"}, {"1.25", "ratio", "1.25 times"}, {"9.444", "days", "9.444 days"}, {"3", "sessions", "3 sessions"},
		{"none", "days", "none"}, {"unknown", "", "unknown"}, {"shang hai", "", "shang hai"}, {"7", "", "7"},
	} {
		if got := valueText(c.value, c.unit); got != c.want {
			t.Errorf("%s of unit %q reads %q; want %q", c.value, c.unit, got, c.want)
		}
	}
}
