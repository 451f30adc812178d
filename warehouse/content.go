package warehouse

// Content is the theme of the engagement analysis of that name.
type Content interface{}
