package splitmix

import "testing"

// The first numbers of SplitMix64 with the seed 1234567, as its authors' program writes them.
func TestNext(t *testing.T) {
	state := uint64(1234567)
	for _, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821} {
		if got := Next(state); got != want {
			t.Errorf("after the state %d: %d, want %d", state, got, want)
		}
		state += Gamma
	}
	if Mix(0) != 0 {
		t.Errorf("0 becomes %d", Mix(0))
	}
}
