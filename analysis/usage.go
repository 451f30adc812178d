package analysis

func usageQuestions() []Question { return nil }
