// Package activity answers who will be active. From what users did in the first days it says, for each, how likely she is to
// be active in the days that follow; how sure that is; what drives it; and whom to contact.
//
// Data flow: a Question fixes the days; Observe reads who was seen when and who was active (the label); Gather joins that
// with features (package feature) into a Set; Audit refuses a Set or a procedure that lets the future in; Compare fits all
// models by a Protocol and judges them; Train keeps the best as a Predictor, which scores and explains users.
package activity
