// The predictor that is kept: two stages, will she come back, and will she then be active, and one that asks both at once.

package activity

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"sort"
	"time"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/learn"
	"github.com/seguefeed/segue/warehouse"
)

// Predictor says of users seen early how likely they are to come back, to be active then, and both.
type Predictor struct {
	Question  Question
	Threshold float64
	Seed      uint64
	Features  []learn.Column
	Back      learn.Model // P(seen late)
	Then      learn.Model // P(active late | seen late)
	OneStage  learn.Model // P(active late) at once
	TwoStage  bool        // Back x Then did better on the validation part than OneStage

	Segments *Segments // of users by what they did early

	// What the test part says of it, and the test part itself: probabilities, and who was active.
	Judged       Judgement
	TestedP      []float64
	TestedActive []bool
}

// Judgement are a predictor's scores on users it did not see.
type Judgement struct {
	Users                        int
	Share                        float64 // of the active among them
	BackAUC, ThenAUC             learn.AUCEstimate
	OneStageAUC, TwoStageAUC     learn.AUCEstimate
	Difference                   learn.AUCDifference // of the two stages and the one
	OneStageLoss, TwoStageLoss   float64
	OneStageECE, TwoStageECE     float64
	Bins                         []learn.CalibrationBin // of the better
	Gains                        learn.Curve
	Bands                        []Band  // of the better, rising
	ValidOneStage, ValidTwoStage float64 // log-loss on the validation part
}

// TrainOptions direct a training.
type TrainOptions struct {
	Seed     uint64
	Learner  func(seed uint64) learn.Learner // nil means Boosting
	Progress func(done, total int, name string)
}

// TrainPredictor fits the stages on the training part of s, calibrates on the validation part and judges on the test part.
// The audit comes first.
func TrainPredictor(ctx context.Context, w warehouse.Training, s *Set, opt TrainOptions) (*Predictor, error) {
	if opt.Learner == nil {
		opt.Learner = func(seed uint64) learn.Learner { return Boosting(seed) }
	}
	all := rows(len(s.Users), func(int) bool { return true })
	parts, trail := s.split(all, opt.Seed)
	if err := Audit(ctx, w, s, trail); err != nil {
		return nil, err
	}
	p := &Predictor{Question: s.Question, Threshold: s.Threshold, Seed: opt.Seed, Features: s.Columns}
	isBack := func(at []int32) []int32 {
		var out []int32
		for _, i := range at {
			if s.Back[i] {
				out = append(out, i)
			}
		}
		return out
	}
	stages := []struct {
		name, who    string
		model        *learn.Model
		train, valid []int32
		label        []bool
	}{
		{"will she come back", "who came back", &p.Back, parts.train, parts.valid, s.Back},
		{"will she then be active", "who were active", &p.Then, isBack(parts.train), isBack(parts.valid), s.Active},
		{"both at once", "who were active", &p.OneStage, parts.train, parts.valid, s.Active},
	}
	for k, st := range stages {
		if opt.Progress != nil {
			opt.Progress(k, len(stages), st.name)
		}
		train, valid := s.data(st.train, st.label), s.data(st.valid, st.label)
		for part, d := range []*learn.Data{train, valid} {
			if err := enough(Part(part), st.who, d.Y); err != nil {
				return nil, fmt.Errorf("%s: %w", st.name, err)
			}
		}
		m, err := opt.Learner(opt.Seed).Fit(ctx, train)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", st.name, err)
		}
		if *st.model, err = learn.CalibrateOn(ctx, m, valid, learn.PlattScaling); err != nil {
			return nil, fmt.Errorf("%s: %w", st.name, err)
		}
	}
	if opt.Progress != nil {
		opt.Progress(len(stages), len(stages), "")
	}
	var err error
	if p.Segments, err = FindSegments(ctx, s, opt.Seed); err != nil {
		return nil, err
	}
	return p, p.judge(s, parts)
}

// stages are a predictor's probabilities of some rows.
type stages struct{ back, then, one, two []float64 }

// stages predicts the rows of x both ways.
func (p *Predictor) stages(x *learn.Matrix) (stages, error) { return p.predict(x, true) }

// predict predicts the rows of x; with both false, only by the way that did better.
func (p *Predictor) predict(x *learn.Matrix, both bool) (st stages, err error) {
	n := x.Rows
	st = stages{make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)}
	for _, m := range []struct {
		model learn.Model
		p     []float64
	}{{p.Back, st.back}, {p.Then, st.then}, {p.OneStage, st.one}} {
		if m.model == p.OneStage && p.TwoStage && !both {
			continue
		}
		if err := m.model.Predict(x, m.p); err != nil {
			return st, err
		}
	}
	for i := range st.two {
		st.two[i] = st.back[i] * st.then[i]
	}
	return st, nil
}

// better is the probability of being active by the way that did better on the validation part.
func (p *Predictor) better(st stages) []float64 {
	if p.TwoStage {
		return st.two
	}
	return st.one
}

func (p *Predictor) judge(s *Set, parts backRows) error {
	valid, test := s.data(parts.valid, s.Active), s.data(parts.test, s.Active)
	back := s.data(parts.test, s.Back)
	if err := errors.Join(enough(Test, "who were active", test.Y), enough(Test, "who came back", back.Y)); err != nil {
		return err
	}
	v, err := p.stages(valid.X)
	if err != nil {
		return err
	}
	t, err := p.stages(test.X)
	if err != nil {
		return err
	}
	j := &p.Judged
	j.ValidOneStage, j.ValidTwoStage = learn.LogLoss(valid.Y, v.one, nil), learn.LogLoss(valid.Y, v.two, nil)
	p.TwoStage = j.ValidTwoStage < j.ValidOneStage
	j.Users, j.Share = len(test.Y), share(test.Y)
	if j.BackAUC, err = learn.DeLong(back.Y, t.back); err != nil {
		return err
	}
	var y []bool
	var then []float64
	for i, b := range back.Y {
		if b {
			y, then = append(y, test.Y[i]), append(then, t.then[i])
		}
	}
	if err := enough(Test, "who came back and were active", y); err != nil {
		return err
	}
	if j.ThenAUC, err = learn.DeLong(y, then); err != nil {
		return err
	}
	if j.Difference, err = learn.CompareAUC(test.Y, t.two, t.one); err != nil {
		return err
	}
	j.TwoStageAUC, j.OneStageAUC = j.Difference.A, j.Difference.B
	j.OneStageLoss, j.TwoStageLoss = learn.LogLoss(test.Y, t.one, nil), learn.LogLoss(test.Y, t.two, nil)
	j.OneStageECE, j.TwoStageECE = learn.ECE(test.Y, t.one, nil, 15, learn.EqualMass), learn.ECE(test.Y, t.two, nil, 15, learn.EqualMass)
	best := p.better(t)
	j.Bins = learn.Calibration(test.Y, best, nil, 15, learn.EqualMass)
	j.Gains = learn.Gains(test.Y, best, nil, 200)
	j.Bands = bandsOf(test.Y, best)
	p.TestedP, p.TestedActive = best, test.Y
	return nil
}

// Band is a range of probabilities and what became of the tested users in it.
type Band struct {
	UpTo      float64 // the highest probability of the band; the last band takes all above too
	Users     int
	Low, High float64 // 95% interval of the share of the active among users like these (Wilson)
}

// bandUsers is how many tested users a band has at least: an interval of one point either way at a share of 5%.
const bandUsers = 1000

// bandsOf cuts the tested users, in the order of their probabilities, into bands of equal size; equal ones stay together.
func bandsOf(y []bool, p []float64) []Band {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return p[order[a]] < p[order[b]] })
	count := max(1, min(50, len(p)/bandUsers))
	var bands []Band
	from := 0
	for k := 1; k <= count; k++ {
		to := len(order) * k / count
		for to < len(order) && to > 0 && p[order[to]] == p[order[to-1]] {
			to++
		}
		if to <= from {
			continue
		}
		active := int64(0)
		for _, i := range order[from:to] {
			if y[i] {
				active++
			}
		}
		share := stat.Wilson(active, int64(to-from))
		bands = append(bands, Band{UpTo: p[order[to-1]], Users: to - from, Low: share.Low, High: share.High})
		from = to
	}
	return bands
}

// interval is the 95% interval of the share of the active among users whose probability lies in the band of x, widened to
// hold x itself.
func (j *Judgement) interval(x float64) (low, high float64) {
	k := sort.Search(len(j.Bands)-1, func(k int) bool { return j.Bands[k].UpTo >= x })
	return min(x, j.Bands[k].Low), max(x, j.Bands[k].High)
}

// A predictor's file: its description as a gob, then the three models, each with its length before it, and a checksum.
const (
	predictorMagic   = "segueACT"
	predictorVersion = 1
	maxPart          = 2 << 30
)

type predictorHead struct {
	Question     Question
	Threshold    float64
	Seed         uint64
	Features     []learn.Column
	TwoStage     bool
	Judged       Judgement
	TestedP      []float64
	TestedActive []bool
	Segments     *Segments
}

// Save writes p.
func (p *Predictor) Save(w io.Writer) error {
	var head bytes.Buffer
	if err := gob.NewEncoder(&head).Encode(predictorHead{p.Question, p.Threshold, p.Seed, p.Features, p.TwoStage, p.Judged, p.TestedP, p.TestedActive, p.Segments}); err != nil {
		return fmt.Errorf("save the predictor: %w", err)
	}
	parts := [][]byte{head.Bytes()}
	for _, m := range []learn.Model{p.Back, p.Then, p.OneStage} {
		var b bytes.Buffer
		if err := learn.Save(&b, m); err != nil {
			return err
		}
		parts = append(parts, b.Bytes())
	}
	out := append([]byte(predictorMagic), binary.LittleEndian.AppendUint16(nil, predictorVersion)...)
	for _, part := range parts {
		out = binary.LittleEndian.AppendUint64(out, uint64(len(part)))
		out = append(out, part...)
	}
	out = binary.LittleEndian.AppendUint32(out, crc32.Checksum(out, crc32.MakeTable(crc32.Castagnoli)))
	if _, err := w.Write(out); err != nil {
		return fmt.Errorf("save the predictor: %w", err)
	}
	return nil
}

// ErrPredictor is given for a file that is no predictor, or not as it was written.
var ErrPredictor = errors.New("this is not a saved predictor, or it is damaged; make one with `segue predict train`")

// LoadPredictor reads what Save wrote.
func LoadPredictor(r io.Reader) (*Predictor, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxPart))
	if err != nil {
		return nil, fmt.Errorf("load the predictor: %w", err)
	}
	const fixed = len(predictorMagic) + 2
	if len(b) < fixed+4 || string(b[:len(predictorMagic)]) != predictorMagic {
		return nil, ErrPredictor
	}
	if v := binary.LittleEndian.Uint16(b[len(predictorMagic):]); v != predictorVersion {
		return nil, fmt.Errorf("the predictor has version %d; this program reads version %d: train it anew", v, predictorVersion)
	}
	body, sum := b[:len(b)-4], binary.LittleEndian.Uint32(b[len(b)-4:])
	if crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)) != sum {
		return nil, ErrPredictor
	}
	body = body[fixed:]
	var parts [][]byte
	for range 4 {
		if len(body) < 8 || binary.LittleEndian.Uint64(body) > uint64(len(body)-8) {
			return nil, ErrPredictor
		}
		n := binary.LittleEndian.Uint64(body)
		parts, body = append(parts, body[8:8+n]), body[8+n:]
	}
	if len(body) > 0 {
		return nil, ErrPredictor
	}
	var head predictorHead
	if err := gob.NewDecoder(bytes.NewReader(parts[0])).Decode(&head); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPredictor, err)
	}
	p := &Predictor{Question: head.Question, Threshold: head.Threshold, Seed: head.Seed, Features: head.Features, TwoStage: head.TwoStage, Judged: head.Judged,
		TestedP: head.TestedP, TestedActive: head.TestedActive, Segments: head.Segments}
	for k, m := range []*learn.Model{&p.Back, &p.Then, &p.OneStage} {
		if *m, err = learn.Load(bytes.NewReader(parts[k+1])); err != nil {
			return nil, err
		}
		if len((*m).Inputs()) != len(p.Features) {
			return nil, ErrPredictor
		}
	}
	if len(p.Judged.Bands) == 0 || len(p.TestedP) != len(p.TestedActive) || p.Segments == nil {
		return nil, ErrPredictor
	}
	if err := p.Segments.valid(len(p.Features)); err != nil {
		return nil, err
	}
	return p, nil
}

func sameColumn(a, b learn.Column) bool { return a.Name == b.Name && slices.Equal(a.Levels, b.Levels) }

var errOtherFeatures = errors.New("the predictor was trained on other features or other levels of them than this log has; train it anew with `segue predict train`")

// fits says why p cannot score the users of s.
func (p *Predictor) fits(s *Set) error {
	if !slices.EqualFunc(p.Features, s.Columns, sameColumn) {
		return errOtherFeatures
	}
	if a, b := p.Question.AsOf.Sub(p.Question.From), s.AsOf.Sub(s.From); a != b {
		return fmt.Errorf("the predictor reads %d days, and these features are of %d", int(a/(24*time.Hour)), int(b/(24*time.Hour)))
	}
	return nil
}
