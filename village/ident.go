// Ids as the log spells them: the digits of a number, each as a letter followed
// by "C". A number is scattered over its range first, so that ids tell nothing
// of the order in which things were made.

package village

// Kinds of id: the range of numbers they are scattered over.
var (
	userIDs    = idRange{from: 45_000_000, size: 1_900_000_007, step: 1_181_783_497}
	cardIDs    = idRange{from: 300_000, size: 6_900_007, step: 4_256_249}
	creatorIDs = idRange{from: 60_000_000, size: 1_870_000_001, step: 1_157_922_481}
	songIDs    = idRange{from: 100_000, size: 1_400_000_009, step: 865_247_923}
	artistIDs  = idRange{from: 2_000, size: 13_000_001, step: 8_034_443}
)

// placeholderID stands for the song and artist of cards without one.
const placeholderID = "AFBHAHLH"

// idRange scatters 0..size-1 over from..from+size-1, one to one as long as step
// and size have no common factor. Numbers at or above size run on beyond it.
type idRange struct{ from, size, step uint64 }

const digitLetters = "OPNMLKJIHG"

// append writes id number i.
func (g idRange) append(b []byte, i int64) []byte {
	n, base := uint64(i), g.from
	for n >= g.size {
		n -= g.size
		base += g.size
	}
	v := base + n*g.step%g.size
	var d [20]byte
	k := len(d)
	for v > 0 || k == len(d) {
		k--
		d[k] = digitLetters[v%10]
		v /= 10
	}
	for _, c := range d[k:] {
		b = append(b, c, 'C')
	}
	return b
}
