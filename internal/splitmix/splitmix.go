// Package splitmix spreads numbers over 64 bits: users over parts of a log, requests over seeds. (Steele, Lea and Flood, Fast Splittable Pseudorandom Number
// Generators, OOPSLA 2014.)
package splitmix

// Gamma is the step between the states of SplitMix64: the odd number next to 2^64 over the golden ratio.
const Gamma = 0x9e3779b97f4a7c15

// Mix is the finaliser of SplitMix64: each number comes of one other, and 0 of 0.
func Mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Next is the number that SplitMix64 gives after the state x.
func Next(x uint64) uint64 { return Mix(x + Gamma) }
