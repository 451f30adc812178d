// Fitted models in files of package partfile, with the magic "segueCND" and the model's kind.
//
// To make a model savable: one line in kinds, and two methods on its pointer:
//
//	func (m *EASEModel) parts() []any { return []any{&m.N, &m.Weights} }
//	func (m *EASEModel) valid() error { ... }
//
// parts lists pointers to every field that is kept, always in the same order; Save reads through them and Load writes through
// them (partfile says which types there are; an empty slice is loaded as nil). A *Matrix is kept by matrixParts and checked by checkStored.
// valid is called once after loading, on parts that may hold anything at all. It says why the model cannot be used, so thoroughly that
// Scores and Because cannot panic afterwards (lengths that fit together, indices in range, numbers finite: checkFinite), and it may
// prepare what is not kept. A model whose parts change gets another kind, as in "ease 2", so that old files are refused by name.

package candidate

import (
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"

	"github.com/seguefeed/segue/internal/partfile"
)

// stored is a model that files may hold; the head of this file says what its methods are for.
type stored interface {
	Scorer
	parts() []any
	valid() error
}

// kinds are the models that a file may hold, by the name it gives them.
var kinds = map[string]func() stored{
	// one line a kind
	"popularity":    func() stored { return new(PopularityModel) },
	"random":        func() stored { return new(RandomModel) },
	"itemknn":       func() stored { return new(ItemKNNModel) },
	"userknn":       func() stored { return new(UserKNNModel) },
	"rp3beta":       func() stored { return new(RP3BetaModel) },
	"ials":          func() stored { return new(IALSModel) },
	"bpr":           func() stored { return new(BPRModel) },
	"puresvd":       func() stored { return new(PureSVDModel) },
	"graphfilter 2": func() stored { return new(GraphFilterModel) },
	"embedding":     func() stored { return new(EmbeddingModel) },
	"ease":          func() stored { return new(EASEModel) },
	"item weights":  func() stored { return new(ItemWeights) },
}

// ErrForeign is given for a file that is not one of our models.
var ErrForeign = errors.New("candidate: this is not a saved model")

// ErrDamaged is given for a saved model that is not as it was written.
var ErrDamaged = errors.New("candidate: the saved model is damaged")

var modelFile = partfile.Format{Magic: "segueCND", Version: 1, Package: "candidate", Thing: "saved model", Foreign: ErrForeign, Damaged: ErrDamaged}

// Save writes s. A model that has no place in files is an error.
func Save(w io.Writer, s Scorer) error {
	for kind, empty := range kinds {
		if reflect.TypeOf(empty()) == reflect.TypeOf(s) {
			if err := modelFile.Write(w, kind, s.(stored).parts()); err != nil {
				return fmt.Errorf("candidate: save a model of kind %q: %w", kind, err)
			}
			return nil
		}
	}
	return fmt.Errorf("candidate: a %T cannot be saved", s)
}

// Load reads what Save wrote, and not a byte more. Another file gives ErrForeign, one that was cut off or changed ErrDamaged, one of
// a later version or of an unknown kind an error that says so. A file is outside data: whatever it claims, no more memory is taken than it
// has bytes, and nothing is handed out before the checksum was right and the model found itself valid.
func Load(r io.Reader) (Scorer, error) {
	var m stored
	if err := modelFile.Read(r, func(kind string) ([]any, error) {
		empty, ok := kinds[kind]
		if !ok {
			return nil, fmt.Errorf("candidate: a model of kind %q, which this program does not know", kind)
		}
		m = empty()
		return m.parts(), nil
	}); err != nil {
		return nil, err
	}
	if err := m.valid(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return m, nil
}

// matrixParts are the parts of a matrix that is part of a model.
func matrixParts(m *Matrix) []any {
	return []any{&m.Users, &m.Items, &m.Start, &m.Item, &m.Value}
}

// checkStored says why a loaded matrix cannot be used; one without entries can.
func checkStored(m *Matrix) error {
	if m.Users < 0 || m.Items < 0 || int64(m.Users) > math.MaxInt32 || int64(m.Items) > math.MaxInt32 || len(m.Start) != m.Users+1 ||
		m.Start[0] != 0 || m.Start[m.Users] != int64(len(m.Item)) || m.Value != nil && len(m.Value) != len(m.Item) {
		return fmt.Errorf("a matrix of %d x %d with %d row starts, %d items and %d values does not fit together", m.Users, m.Items, len(m.Start), len(m.Item), len(m.Value))
	}
	for u := range m.Users {
		if m.Start[u] > m.Start[u+1] {
			return fmt.Errorf("row %d of the matrix ends before it begins", u)
		}
	}
	if err := m.check(); !errors.Is(err, ErrEmpty) {
		return err
	}
	return nil
}

// checkFinite says which of the values is no finite number.
func checkFinite(values []float32) error {
	for k, v := range values {
		if v-v != 0 {
			return fmt.Errorf("value %d is %v; a finite number is expected", k, v)
		}
	}
	return nil
}
