package warehouse

// Usage is the theme of the engagement analysis of that name.
type Usage interface{}
