package warehouse

// Activity is the theme of the engagement analysis of that name.
type Activity interface{}
