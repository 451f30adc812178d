package analysis

func activityQuestions() []Question { return nil }
