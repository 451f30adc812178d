package analysis

func demographicsQuestions() []Question { return nil }
