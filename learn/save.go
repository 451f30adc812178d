// Models in files. Layout, little-endian: the 8 bytes "segueLRN"; uint16 version; uint16 length and bytes of the kind;
// uint64 length of the body and the body, a gob of the model's exported fields; uint32 CRC-32C of all that precedes.
// Nothing in it depends on the machine.

package learn

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

const (
	fileMagic   = "segueLRN"
	fileVersion = 1
	maxBody     = 8 << 30 // bytes; a forest of 1000 trees of depth 10 has some 30 million
)

// kinds are the models that a file may hold, by the name it gives them.
var kinds = map[string]func() Model{
	"calibrated": func() Model { return new(CalibratedModel) },
	"network":    func() Model { return new(NetworkModel) },
	"pipeline":   func() Model { return new(PipelineModel) },
	"logistic":   func() Model { return new(LogisticModel) },
	"linear svm": func() Model { return new(LinearSVMModel) },
	"tree":       func() Model { return new(TreeModel) },
	"forest":     func() Model { return new(ForestModel) },
	"boosted":    func() Model { return new(BoostModel) },
	"boosted on": func() Model { return new(BoostOnModel) },
	// one line a kind: "logistic": func() Model { return new(LogisticModel) },
	"kernel svm":  func() Model { return new(KernelSVMModel) },
	"mapped svm":  func() Model { return new(MappedSVMModel) },
	"naive bayes": func() Model { return new(NaiveBayesModel) },
	// of scores and values, not of probabilities
	"lambdamart":         func() Model { return new(LambdaMARTModel) },
	"linear ranking":     func() Model { return new(LinearRankingModel) },
	"boosted regression": func() Model { return new(BoostRegressionModel) },
	"linear regression":  func() Model { return new(LinearRegressionModel) },
}

// ErrForeign is given for a file that is not one of our models.
var ErrForeign = errors.New("learn: this is not a saved model")

// ErrDamaged is given for a saved model that is not as it was written.
var ErrDamaged = errors.New("learn: the saved model is damaged")

func kindOf(m Model) (string, bool) {
	for name, empty := range kinds {
		if fmt.Sprintf("%T", empty()) == fmt.Sprintf("%T", m) {
			return name, true
		}
	}
	return "", false
}

// Save writes m.
func Save(w io.Writer, m Model) error {
	kind, ok := kindOf(m)
	if !ok {
		return fmt.Errorf("learn: a %T cannot be saved", m)
	}
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(m); err != nil {
		return fmt.Errorf("learn: save a %s: %w", kind, err)
	}
	var head bytes.Buffer
	head.WriteString(fileMagic)
	head.Write(binary.LittleEndian.AppendUint16(nil, fileVersion))
	head.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(kind))))
	head.WriteString(kind)
	head.Write(binary.LittleEndian.AppendUint64(nil, uint64(body.Len())))
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Update(crc32.Checksum(head.Bytes(), table), table, body.Bytes())
	for _, part := range [][]byte{head.Bytes(), body.Bytes(), binary.LittleEndian.AppendUint32(nil, sum)} {
		if _, err := w.Write(part); err != nil {
			return fmt.Errorf("learn: save a %s: %w", kind, err)
		}
	}
	return nil
}

// Load reads what Save wrote. Another file gives ErrForeign, one that was cut off or changed ErrDamaged, one of a later
// version an error that says so.
func Load(r io.Reader) (Model, error) {
	table := crc32.MakeTable(crc32.Castagnoli)
	var sum uint32
	read := func(n uint64) ([]byte, error) {
		var b bytes.Buffer // grows with what is there, not with what the file claims
		got, err := io.CopyN(&b, r, int64(n))
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("learn: load a model: %w", err)
		}
		if uint64(got) < n {
			return nil, fmt.Errorf("%w: it ends early", ErrDamaged)
		}
		sum = crc32.Update(sum, table, b.Bytes())
		return b.Bytes(), nil
	}
	head, err := read(uint64(len(fileMagic)) + 4)
	if errors.Is(err, ErrDamaged) || err == nil && string(head[:len(fileMagic)]) != fileMagic {
		return nil, ErrForeign
	}
	if err != nil {
		return nil, err
	}
	version := binary.LittleEndian.Uint16(head[len(fileMagic):])
	if version != fileVersion {
		return nil, fmt.Errorf("learn: the saved model has version %d; this program reads version %d: save it anew", version, fileVersion)
	}
	kind, err := read(uint64(binary.LittleEndian.Uint16(head[len(fileMagic)+2:])))
	if err != nil {
		return nil, err
	}
	length, err := read(8)
	if err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(length)
	if n > maxBody {
		return nil, fmt.Errorf("%w: a body of %d bytes", ErrDamaged, n)
	}
	body, err := read(n)
	if err != nil {
		return nil, err
	}
	want := sum
	last, err := read(4)
	if err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(last) != want {
		return nil, fmt.Errorf("%w: its checksum is another", ErrDamaged)
	}
	empty, ok := kinds[string(kind)]
	if !ok {
		return nil, fmt.Errorf("learn: a model of kind %q, which this program does not know", kind)
	}
	m := empty()
	if err := gob.NewDecoder(bytes.NewReader(body)).Decode(m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err := m.valid(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return m, nil
}

// ErrNoProbabilities is given for a saved model that gives scores or values instead.
var ErrNoProbabilities = errors.New("learn: the model gives no probabilities")

// LoadClassifier is Load of a model whose Predict gives probabilities; another one gives ErrNoProbabilities.
func LoadClassifier(r io.Reader) (Model, error) {
	m, err := Load(r)
	if err != nil {
		return nil, err
	}
	inner := m
	if p, ok := m.(*PipelineModel); ok {
		inner = p.Model
	}
	switch inner.(type) {
	case *LambdaMARTModel, *LinearRankingModel, *BoostRegressionModel, *LinearRegressionModel:
		kind, _ := kindOf(inner)
		return nil, fmt.Errorf("%w: it is of the kind %q", ErrNoProbabilities, kind)
	}
	return m, nil
}
