// Probabilities that mean what they say. Many classifiers order rows well and give poor probabilities: margins, votes and
// boosted trees crowd the middle or the ends. A calibration is a map from a classifier's score to a probability. It must be
// fitted on rows that the classifier has not seen, or it learns the classifier's self-confidence; here on out-of-fold
// predictions, after which the classifier is fitted once more on all rows (in scikit-learn: CalibratedClassifierCV with
// ensemble=False).

package learn

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// CalibrationMethod is a kind of map.
type CalibrationMethod string

const (
	// PlattScaling is a logistic curve of the log-odds of the score: two numbers, good from some hundred rows on; it mends
	// over- and under-confidence and a wrong base rate.
	PlattScaling CalibrationMethod = "platt"
	// IsotonicScaling is Isotonic: any monotone map, from some thousand rows on.
	IsotonicScaling CalibrationMethod = "isotonic"
)

// Calibrated learns with another learner and calibrates its probabilities.
type Calibrated struct {
	Learner Learner           // any but a Calibrated
	Method  CalibrationMethod // "" means PlattScaling
	Folds   int               // 0 means 5; at most as many as the rarer label has rows
	Seed    uint64            // of the folds
}

// Kind names the algorithm and what it calibrates.
func (c Calibrated) Kind() string {
	if c.Learner == nil {
		return "calibrated"
	}
	return "calibrated " + c.Learner.Kind()
}

// Fit is FitCalibrated.
func (c Calibrated) Fit(ctx context.Context, d *Data) (Model, error) {
	m, err := FitCalibrated(ctx, d, c)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// FitCalibrated fits the learner Folds+1 times. The rows of one fold's training part are copied at a time.
func FitCalibrated(ctx context.Context, d *Data, cfg Calibrated) (*CalibratedModel, error) {
	if err := d.check(acceptsMissing | acceptsCategories); err != nil {
		return nil, err
	}
	if cfg.Method == "" {
		cfg.Method = PlattScaling
	}
	if cfg.Folds == 0 {
		cfg.Folds = 5
	}
	var count [2]int
	for _, y := range d.Y {
		if y {
			count[1]++
		} else {
			count[0]++
		}
	}
	folds := min(cfg.Folds, count[0], count[1])
	switch _, nested := cfg.Learner.(Calibrated); {
	case cfg.Learner == nil:
		return nil, errors.New("learn: calibrated: there is no Learner to calibrate")
	case nested:
		return nil, errors.New("learn: calibrated: the Learner is calibrated already")
	case cfg.Method != PlattScaling && cfg.Method != IsotonicScaling:
		return nil, fmt.Errorf("learn: calibrated: method %q: %q or %q are known", cfg.Method, PlattScaling, IsotonicScaling)
	case folds < 2:
		return nil, fmt.Errorf("learn: calibrated: %d folds, %d positives, %d negatives: at least 2 of each are needed", cfg.Folds, count[1], count[0])
	}
	out := make([]float64, d.X.Rows) // out-of-fold probabilities
	fold := calibrationFolds(d.Y, folds, cfg.Seed)
	for f := range folds {
		if err := predictFold(ctx, d, cfg.Learner, fold, int32(f), out); err != nil {
			return nil, fmt.Errorf("learn: calibrated: fold %d of %d: %w", f+1, folds, err)
		}
	}
	m, err := calibration(cfg.Method, d.Y, out, d.Weight)
	if err != nil {
		return nil, err
	}
	inner, err := cfg.Learner.Fit(ctx, d)
	if err != nil {
		return nil, err
	}
	if _, nested := inner.(*CalibratedModel); nested {
		return nil, errors.New("learn: calibrated: the Learner gives a calibrated model already")
	}
	m.Inner = inner
	return m, nil
}

// CalibrateOn calibrates a model on rows that it was not fitted on.
func CalibrateOn(ctx context.Context, m Model, d *Data, method CalibrationMethod) (*CalibratedModel, error) {
	if err := d.check(acceptsMissing | acceptsCategories); err != nil {
		return nil, err
	}
	if _, nested := m.(*CalibratedModel); nested {
		return nil, errors.New("learn: calibrated: the model is calibrated already")
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	p := make([]float64, d.X.Rows)
	if err := m.Predict(d.X, p); err != nil {
		return nil, err
	}
	c, err := calibration(method, d.Y, p, d.Weight)
	if err != nil {
		return nil, err
	}
	c.Inner = m
	return c, nil
}

// CalibrateBy calibrates m by probabilities p of rows with labels y and weights w (nil for 1 each) that come from models of
// the same learner that have not seen them, such as those of folds. p is not changed.
func CalibrateBy(m Model, method CalibrationMethod, y []bool, p []float64, w []float32) (*CalibratedModel, error) {
	if _, nested := m.(*CalibratedModel); nested {
		return nil, errors.New("learn: calibrated: the model is calibrated already")
	}
	if !judgeable(y, p, w) {
		return nil, fmt.Errorf("learn: calibrated: %d labels, %d probabilities, %d weights: they must be as many, at least 1, none of them NaN, and some weight above 0", len(y), len(p), len(w))
	}
	c, err := calibration(method, y, slices.Clone(p), w)
	if err != nil {
		return nil, err
	}
	c.Inner = m
	return c, nil
}

// calibration fits a map from the probabilities p, which it overwrites, to the labels.
func calibration(method CalibrationMethod, y []bool, p []float64, w []float32) (*CalibratedModel, error) {
	m := &CalibratedModel{Method: method}
	switch method {
	case PlattScaling:
		for i := range p {
			p[i] = clippedLogOdds(p[i])
		}
		m.A, m.B = fitPlatt(p, y, w)
		if !plattFinite(m.A, m.B) {
			return nil, errors.New("learn: calibrated: the logistic curve did not converge")
		}
	case IsotonicScaling:
		steps, err := FitIsotonic(y, p, w)
		if err != nil {
			return nil, err
		}
		m.Steps = *steps
	default:
		return nil, fmt.Errorf("learn: calibrated: method %q: %q or %q are known", method, PlattScaling, IsotonicScaling)
	}
	return m, nil
}

// calibrationFolds deals the rows of each label, shuffled, to the folds in turn, so that all have nearly the same shares.
func calibrationFolds(y []bool, folds int, seed uint64) []int32 {
	r := rand.New(rand.NewPCG(seed, 0xca11b))
	fold := make([]int32, len(y))
	next := 0
	for _, label := range []bool{true, false} {
		var rows []int
		for i, v := range y {
			if v == label {
				rows = append(rows, i)
			}
		}
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		for _, i := range rows {
			fold[i] = int32(next % folds)
			next++
		}
	}
	return fold
}

// predictFold fits on the rows outside fold f and writes the probabilities of those in it.
func predictFold(ctx context.Context, d *Data, l Learner, fold []int32, f int32, out []float64) error {
	var train, test []int32
	for i, g := range fold {
		if g == f {
			test = append(test, int32(i))
		} else {
			train = append(train, int32(i))
		}
	}
	m, err := l.Fit(ctx, d.Take(train))
	if err != nil {
		return err
	}
	const together = 4096 // rows predicted between two looks at the context
	p := make([]float64, together)
	for from := 0; from < len(test); from += together {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		rows := test[from:min(from+together, len(test))]
		if err := m.Predict(d.X.Take(rows), p[:len(rows)]); err != nil {
			return err
		}
		for k, i := range rows {
			out[i] = p[k]
		}
	}
	return nil
}

// clippedLogOdds is log(p/(1-p)), drawn in beyond 13.8, that of one in a million, to at most some 20. A forest may well say 0, of
// which the log-odds would outweigh all other rows; but what naive Bayes says of many columns is often nearer to 0 or 1 than
// that, and a hard limit would make all those rows equal.
func clippedLogOdds(p float64) float64 {
	const limit = 13.8
	odds := math.Log(max(p, math.SmallestNonzeroFloat64)) - math.Log1p(-min(p, 1-0x1p-53))
	if beyond := math.Abs(odds) - limit; beyond > 0 {
		return math.Copysign(limit+math.Log1p(beyond), odds)
	}
	return odds
}

func plattFinite(v ...float64) bool {
	for _, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}

// CalibratedModel is a model with a map of its probabilities.
type CalibratedModel struct {
	Inner  Model
	Method CalibrationMethod
	A, B   float64  // of PlattScaling: 1/(1+exp(A*logodds+B)), A < 0 where the inner model is better than chance
	Steps  Isotonic // of IsotonicScaling
}

// Inputs are those of the inner model.
func (m *CalibratedModel) Inputs() []Column { return m.Inner.Inputs() }

// Predict writes the calibrated probabilities of x.
func (m *CalibratedModel) Predict(x *Matrix, p []float64) error {
	if err := m.Inner.Predict(x, p); err != nil {
		return err
	}
	for i, v := range p {
		p[i] = m.At(v)
	}
	return nil
}

// At is the calibrated probability of one that the inner model gives.
func (m *CalibratedModel) At(p float64) float64 {
	if m.Method == IsotonicScaling {
		return m.Steps.At(p)
	}
	return 1 / (1 + math.Exp(m.A*clippedLogOdds(p)+m.B))
}

func (m *CalibratedModel) valid() error {
	if m.Inner == nil {
		return errors.New("calibrated: there is no inner model")
	}
	if err := m.Inner.valid(); err != nil {
		return fmt.Errorf("calibrated: %w", err)
	}
	switch m.Method {
	case PlattScaling:
		if !plattFinite(m.A, m.B) {
			return fmt.Errorf("calibrated: a curve of %v and %v", m.A, m.B)
		}
		return nil
	case IsotonicScaling:
		return m.Steps.valid()
	}
	return fmt.Errorf("calibrated: method %q", m.Method)
}

// savedCalibrated is a CalibratedModel in a file: the inner model as Save writes it.
type savedCalibrated struct {
	Inner  []byte
	Method CalibrationMethod
	A, B   float64
	Steps  Isotonic
}

// GobEncode writes the model with the inner one in the format of Save.
func (m *CalibratedModel) GobEncode() ([]byte, error) {
	var inner, out bytes.Buffer
	if m.Inner == nil {
		return nil, errors.New("there is no inner model")
	}
	if err := Save(&inner, m.Inner); err != nil {
		return nil, err
	}
	err := gob.NewEncoder(&out).Encode(savedCalibrated{inner.Bytes(), m.Method, m.A, m.B, m.Steps})
	return out.Bytes(), err
}

// GobDecode reads what GobEncode wrote. An inner model that is itself calibrated is refused before it is read: a file could
// nest them without end.
func (m *CalibratedModel) GobDecode(b []byte) error {
	var s savedCalibrated
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(&s); err != nil {
		return err
	}
	if own, _ := kindOf(m); savedKind(s.Inner) == own {
		return errors.New("a calibrated model in a calibrated one")
	}
	inner, err := Load(bytes.NewReader(s.Inner))
	if err != nil {
		return err
	}
	*m = CalibratedModel{inner, s.Method, s.A, s.B, s.Steps}
	return nil
}

// savedKind is the kind that a saved model states; "" if it is cut off.
func savedKind(b []byte) string {
	at := len(fileMagic) + 2
	if len(b) < at+2 {
		return ""
	}
	n := int(binary.LittleEndian.Uint16(b[at:]))
	return string(b[at+2 : min(len(b), at+2+n)])
}
