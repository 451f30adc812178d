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
