// Package feature turns what a user did before a moment, the as-of, into numbers a model can learn from. A feature is
// declared once, as a Def: its name, unit, the rule that keeps it from seeing what comes after, the reason it is there, and
// how it is read off a Summary of the user's rows. Build computes a table of them for everyone from a warehouse; Vector
// computes the same ones, with the same code, for one user whose rows a server holds.
//
// Time only runs forward: a row at or after the as-of never reaches a Summary, and what is asked of cards is asked of the
// days before the row's own. CutAt gives a warehouse that has forgotten everything from a day on: features computed over it
// must be the same, and package activity refuses to fit where they are not.
package feature
