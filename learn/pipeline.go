// An encoder and a learner as one learner, so that what the encoder estimates comes from the rows that the learner is
// given and from no others: inside a fold of Search as elsewhere. Its model takes raw rows.

package learn

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
)

// Pipeline encodes the rows and fits Learner to what comes out.
type Pipeline struct {
	Encoder EncoderConfig
	Learner Learner // not itself a Pipeline
}

// PipelineModel encodes rows and has Model predict them.
type PipelineModel struct {
	Encoder *Encoder
	Model   Model
}

// Kind is that of the learner.
func (p Pipeline) Kind() string {
	if p.Learner == nil {
		return "pipeline"
	}
	return p.Learner.Kind()
}

// Fit is FitPipeline.
func (p Pipeline) Fit(ctx context.Context, d *Data) (Model, error) {
	m, err := FitPipeline(ctx, d, p)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// FitPipeline fits the encoder and the learner to d. While it runs the encoded rows are held: 4 bytes for each output column
// and row.
func FitPipeline(ctx context.Context, d *Data, p Pipeline) (*PipelineModel, error) {
	switch p.Learner.(type) {
	case nil:
		return nil, errors.New("learn: pipeline: it has no learner")
	case Pipeline, *Pipeline:
		return nil, errors.New("learn: pipeline: its learner is another pipeline; one encoder is enough")
	}
	if err := d.check(acceptsMissing | acceptsCategories); err != nil {
		return nil, err
	}
	e, err := FitEncoder(ctx, d, p.Encoder)
	if err != nil {
		return nil, err
	}
	encoded, err := e.Encode(ctx, d)
	if err != nil {
		return nil, err
	}
	m, err := p.Learner.Fit(ctx, encoded)
	if err != nil {
		return nil, err
	}
	return &PipelineModel{Encoder: e, Model: m}, nil
}

// Inputs are the columns before encoding.
func (m *PipelineModel) Inputs() []Column { return m.Encoder.In }

// Predict encodes and predicts a block of rows at a time: beside x and p it holds up to 4096 encoded rows a core.
func (m *PipelineModel) Predict(x *Matrix, p []float64) error {
	if err := checkInput(x, p, m.Encoder.In); err != nil {
		return err
	}
	threads := threadsOf(0)
	rooms := make(chan []float32, threads) // one for each goroutine, used again and again
	for range threads {
		rooms <- nil
	}
	width := len(m.Encoder.Out)
	errs := make([]error, (x.Rows+encodeRows-1)/encodeRows)
	err := inBlocks(context.Background(), x.Rows, encodeRows, threads, func(b, from, to int) {
		room := <-rooms
		if room == nil {
			room = make([]float32, min(encodeRows, x.Rows)*width)
		}
		block := &Matrix{Rows: to - from, Cols: width, Data: room[:(to-from)*width]}
		for i := from; i < to; i++ {
			m.Encoder.row(x.Row(i), block.Row(i-from))
		}
		errs[b] = m.Model.Predict(block, p[from:to])
		rooms <- room
	})
	if err != nil {
		return err
	}
	for b, err := range errs {
		if err != nil {
			return fmt.Errorf("learn: pipeline: rows from %d on: %w", b*encodeRows, err)
		}
	}
	return nil
}

func (m *PipelineModel) valid() error {
	if m.Encoder == nil || m.Model == nil {
		return errors.New("a pipeline without an encoder or a model")
	}
	if err := m.Encoder.valid(); err != nil {
		return err
	}
	if err := m.Model.valid(); err != nil {
		return err
	}
	inputs := m.Model.Inputs()
	if len(inputs) != len(m.Encoder.Out) {
		return fmt.Errorf("the encoder makes %d columns, the model takes %d", len(m.Encoder.Out), len(inputs))
	}
	for j, c := range inputs {
		if c.Name != m.Encoder.Out[j].Name || c.Categorical() {
			return fmt.Errorf("the encoder makes column %q where the model takes %q", m.Encoder.Out[j].Name, c.Name)
		}
	}
	return nil
}

// savedPipeline is a PipelineModel in a file: the model within is kept as Save writes it.
type savedPipeline struct {
	Encoder *Encoder
	Model   []byte
}

// GobEncode is for Save.
func (m *PipelineModel) GobEncode() ([]byte, error) {
	if m.Encoder == nil || m.Model == nil {
		return nil, errors.New("a pipeline without an encoder or a model")
	}
	var inner, b bytes.Buffer
	if err := Save(&inner, m.Model); err != nil {
		return nil, err
	}
	err := gob.NewEncoder(&b).Encode(savedPipeline{m.Encoder, inner.Bytes()})
	return b.Bytes(), err
}

// GobDecode is for Load. A pipeline within a pipeline is refused before it is read: files cannot nest without end.
func (m *PipelineModel) GobDecode(b []byte) error {
	var s savedPipeline
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(&s); err != nil {
		return err
	}
	const head = len(fileMagic) + 4
	own, _ := kindOf(m)
	if len(s.Model) >= head+len(own) && string(s.Model[head:head+len(own)]) == own &&
		int(binary.LittleEndian.Uint16(s.Model[head-2:])) == len(own) {
		return errors.New("a pipeline within a pipeline")
	}
	inner, err := Load(bytes.NewReader(s.Model))
	if err != nil {
		return err
	}
	m.Encoder, m.Model = s.Encoder, inner
	return nil
}
