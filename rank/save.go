// A ranker in a file. Layout, little-endian: the 8 bytes "segueRNK"; uint16 version; five parts, each with its length before it as uint64: a gob of what
// describes the ranker, the click model and the three of what follows it as learn saves them (length 0 for none); uint32 CRC-32C of all that precedes.

package rank

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/learn"
)

const (
	modelMagic   = "segueRNK"
	modelVersion = 1
	mostBytes    = 2 << 30
	modelParts   = 2 + outcomes
)

type modelHead struct {
	Config      Config
	Columns     []learn.Column
	Examination *Examination
	Trained     Trained
	Curve       calibration
	Means       [outcomes]float64
	Monotone    []monotone // in place of Config's map, whose order in a file would be any
}

type monotone struct {
	Feature string
	Way     int
}

// ErrModel is given for a file that is no ranker, or not as it was written.
var ErrModel = errors.New("rank: this is not a saved ranker, or it is damaged; train one anew")

// Save writes m.
func (m *Model) Save(w io.Writer) error {
	h := modelHead{Config: m.Config, Columns: m.Columns, Examination: m.Examination, Trained: m.Trained, Curve: m.curve}
	h.Config.Monotone = nil
	for _, name := range slices.Sorted(maps.Keys(m.Config.Monotone)) {
		h.Monotone = append(h.Monotone, monotone{name, m.Config.Monotone[name]})
	}
	models := []learn.Model{m.click}
	for k, o := range m.after {
		h.Means[k] = o.Mean
		models = append(models, o.Model)
	}
	var head bytes.Buffer
	if err := gob.NewEncoder(&head).Encode(h); err != nil {
		return fmt.Errorf("rank: save the ranker: %w", err)
	}
	parts := [][]byte{head.Bytes()}
	for _, inner := range models {
		var b bytes.Buffer
		if inner != nil {
			if err := learn.Save(&b, inner); err != nil {
				return fmt.Errorf("rank: save the ranker: %w", err)
			}
		}
		parts = append(parts, b.Bytes())
	}
	out := append([]byte(modelMagic), binary.LittleEndian.AppendUint16(nil, modelVersion)...)
	for _, part := range parts {
		out = binary.LittleEndian.AppendUint64(out, uint64(len(part)))
		out = append(out, part...)
	}
	out = binary.LittleEndian.AppendUint32(out, crc32.Checksum(out, crc32.MakeTable(crc32.Castagnoli)))
	if _, err := w.Write(out); err != nil {
		return fmt.Errorf("rank: save the ranker: %w", err)
	}
	return nil
}

// Load reads what Save wrote. columns are the features that the rows to be scored have; a ranker of others is refused, and so is one of a later
// version. Nil columns are not compared.
func Load(r io.Reader, columns []feature.PairColumn) (*Model, error) {
	b, err := io.ReadAll(io.LimitReader(r, mostBytes))
	if err != nil {
		return nil, fmt.Errorf("rank: load the ranker: %w", err)
	}
	const fixed = len(modelMagic) + 2
	if len(b) < fixed+4 || string(b[:len(modelMagic)]) != modelMagic {
		return nil, ErrModel
	}
	if v := binary.LittleEndian.Uint16(b[len(modelMagic):]); v != modelVersion {
		return nil, fmt.Errorf("rank: the ranker has version %d; this program reads version %d: train it anew", v, modelVersion)
	}
	body, sum := b[:len(b)-4], binary.LittleEndian.Uint32(b[len(b)-4:])
	if crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)) != sum {
		return nil, ErrModel
	}
	body = body[fixed:]
	var parts [modelParts][]byte
	for k := range parts {
		if len(body) < 8 || binary.LittleEndian.Uint64(body) > uint64(len(body)-8) {
			return nil, ErrModel
		}
		n := binary.LittleEndian.Uint64(body)
		parts[k], body = body[8:8+n], body[8+n:]
	}
	if len(body) > 0 {
		return nil, ErrModel
	}
	var h modelHead
	if err := gob.NewDecoder(bytes.NewReader(parts[0])).Decode(&h); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	m := &Model{Config: h.Config, Columns: h.Columns, Examination: h.Examination, Trained: h.Trained, curve: h.Curve}
	m.Config.Monotone = map[string]int{}
	for _, r := range h.Monotone {
		m.Config.Monotone[r.Feature] = r.Way
	}
	models := [modelParts - 1]learn.Model{}
	for k := range models {
		if len(parts[k+1]) == 0 {
			continue
		}
		if models[k], err = learn.Load(bytes.NewReader(parts[k+1])); err != nil {
			return nil, fmt.Errorf("rank: load the ranker: %w", err)
		}
	}
	m.click = models[0]
	for k := range m.after {
		m.after[k] = outcome{h.Means[k], models[k+1]}
	}
	if err := m.valid(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	if columns != nil {
		if err := m.Fits(columns); err != nil {
			return nil, err
		}
	}
	return m, m.compile()
}

func sameColumn(a, b learn.Column) bool { return a.Name == b.Name && slices.Equal(a.Levels, b.Levels) }

// Fits says why m cannot score rows of these features.
func (m *Model) Fits(columns []feature.PairColumn) error {
	have := columnsOf(columns)
	for j := range min(len(have), len(m.Columns)) {
		if !sameColumn(have[j], m.Columns[j]) {
			return fmt.Errorf("rank: feature %d is %q where the ranker was trained with %q, or has other levels; train it anew", j, have[j].Name, m.Columns[j].Name)
		}
	}
	if len(have) != len(m.Columns) {
		return fmt.Errorf("rank: %d features where the ranker was trained with %d; train it anew", len(have), len(m.Columns))
	}
	return nil
}

// valid says what is wrong with a model that was read from a file.
func (m *Model) valid() error {
	c := m.Config
	if err := c.settle(); err != nil {
		return err
	}
	inputs := m.Columns
	if c.Position == PositionInput {
		inputs = append(slices.Clone(inputs), learn.Column{Name: placeColumn, Levels: placeLevels(c.MaxSlot)})
	}
	takes := func(inner learn.Model, columns []learn.Column) error {
		if !slices.EqualFunc(inner.Inputs(), columns, sameColumn) {
			return errors.New("a model within takes other columns")
		}
		return nil
	}
	switch click := m.click.(type) {
	case *learn.BoostModel, *learn.BoostOnModel:
	case *learn.PipelineModel:
		if _, ok := click.Model.(*learn.LogisticModel); !ok {
			return fmt.Errorf("a click model of %T", click.Model)
		}
	default:
		return fmt.Errorf("a click model of %T", m.click)
	}
	if err := takes(m.click, inputs); err != nil {
		return err
	}
	for k, o := range m.after {
		if !finite(o.Mean) || o.Mean < 0 || k != viewOutcome && o.Mean > 1 {
			return fmt.Errorf("an outcome with mean %v", o.Mean)
		}
		if o.Model == nil {
			continue
		}
		_, boost := o.Model.(*learn.BoostModel)
		regression, number := o.Model.(*learn.BoostRegressionModel)
		if k == viewOutcome && (!number || regression.Log) || k != viewOutcome && !boost {
			return fmt.Errorf("an outcome's model of %T", o.Model)
		}
		if err := takes(o.Model, m.Columns); err != nil {
			return err
		}
	}
	return m.curve.valid()
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func (c *calibration) valid() error {
	switch c.Method {
	case learn.PlattScaling:
		if !finite(c.A) || !finite(c.B) || c.A >= 0 {
			return fmt.Errorf("a calibration of %v and %v", c.A, c.B)
		}
	case learn.IsotonicScaling:
		x, y := c.Steps.X, c.Steps.Y
		if len(x) == 0 || len(y) != len(x) || !slices.IsSorted(x) || !slices.IsSorted(y) || !(x[0] >= 0) || !(y[0] >= 0) || !(y[len(y)-1] <= 1) || !finite(x[len(x)-1]) {
			return errors.New("a calibration whose steps do not rise from 0 to 1")
		}
	default:
		return fmt.Errorf("a calibration by %q", c.Method)
	}
	return nil
}
