package analysis

func contentQuestions() []Question { return nil }
