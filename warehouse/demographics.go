package warehouse

// Demographics is the theme of the engagement analysis of that name.
type Demographics interface{}
