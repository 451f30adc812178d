package warehouse

// Usage, Activity, Demographics and Content are the themes of the engagement analysis.
type (
	Usage        interface{}
	Activity     interface{}
	Demographics interface{}
	Content      interface{}
)
