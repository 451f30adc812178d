// The item-side methods by name, for settings, benches and comparisons.

package candidate

// Learners returns every item-side method with its default settings, each by a pointer to its config, so that parameters can be set by
// name.
func Learners() []Learner {
	return []Learner{
		// one line a method
		&Popularity{},
		&Random{},
		&ItemKNN{},
		&UserKNN{},
		&RP3Beta{},
		&IALS{},
		&BPR{},
		&PureSVD{},
		&GraphFilter{},
		&Embedding{},
		&EASE{},
		&SLIM{},
	}
}

// Settler is a method that says what its settings come to.
type Settler interface {
	// Settled is a copy of the method by a pointer, where what is 0 is what Fit would take for it on m. It is to be read, not fitted: where a setting below 0
	// means none, it is 0 there. Settings that Fit refuses, and m that it cannot learn from, are the copy's too.
	Settled(m *Matrix) Learner
}
