// The published protocol: what the case study did, step by step, and what its two leaks were worth.
//
// The steps are those of its appendix, Appendix_II_Activity_Intensity_Prediction (github: jing042323/Case-Study, NCM):
// users of the user table who were seen in both windows; their seven actions summed over the early days, with null view times
// as 0; province, age, gender, months and follows, with a null age as 0 (a group of its own: nobody is 0) and other nulls as
// "unknown"; active where the late CTR is at or above its mean over all users seen late; active users drawn four times
// over, with replacement, and added; a tenth of all rows drawn; 60/20/20, stratified; the numbers standardised by the
// training part, without logarithms; categories one-hot without their first level; hyper-parameters from grids; the winner
// fitted to the training and validation parts and judged by its accuracy on the test part.
//
// Its 47 columns are the 11 numbers, of which one counted impressions of the late window, the 35 provinces less one and the
// three genders less one. Without the count, the first leak, there are 46. The second leak: the copies were made before the
// split, so that copies of one user stand on both sides of it.

package activity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/learn"
	"github.com/seguefeed/segue/warehouse"
)

// PublishedOptions direct a repetition of the case study.
type PublishedOptions struct {
	Seed uint64
	// Leaks repeats it with its two leaks too, and with either. The audit refuses such a plan; it runs all the same, to show
	// what the leaks are worth, and the result carries the alarms.
	Leaks      bool
	Search     bool    // choose hyper-parameters from the study's grids by accuracy on the validation part; otherwise its own choice is kept
	Share      float64 // of the rows that are drawn; 0 means a tenth, as in the study
	KernelRows int     // that a kernel SVM learns from at most, drawn from the others; 0 means 20,000: its time grows with their square
	Progress   func(done, total int64)
}

// Figures of the case study (PUBLISHED, source A 2.5 and its appendix II).
const (
	publishedSource = "NetEase Cloud Music Case Study (2021), appendix II"
	publishedUsers  = 628_788
	publishedActive = 139_915
	publishedRows   = 23_769 // of its test part
	publishedTest   = .588   // share of the active in it, copies counted
	copies          = 4      // of an active user, drawn with replacement, beside herself
)

// Published is the case study's table: as it was reported, and here, with its leaks and without.
type Published struct {
	Source      string  // of the reported figures
	SourceUsers int     // its population
	SourceShare float64 // of the active in it
	SourceTest  float64 // of the active in its test part, copies counted

	Question  Question
	Threshold float64
	Users     int      // seen in both windows, with a row in the user table
	Active    int      // of them
	Columns   []string // after the encoding, of the first arm
	Arms      []PublishedArm
	Rows      []PublishedRow
	Notes     []string // where this departs from the study, in sentences
}

// PublishedArm is one way to run the steps. The first is without leaks: copies are made of training rows alone. With
// PublishedOptions.Leaks there follow both leaks, as in the study, and either.
type PublishedArm struct {
	Name     string
	Late     bool // impressions of the late window are an input
	Copies   bool // active users are multiplied before the split
	Columns  int
	Learned  int     // rows of the training and validation parts, copies counted
	Test     int     // rows of the test part
	Share    float64 // of the active in the test part as it is
	Shared   int     // users of the test part who have a copy among the learned rows
	Majority float64 // accuracy of the commoner label for everyone, at the published shares
	Natural  float64 // the same at the population's own shares
	Alarms   []Alarm // of the audit; none where there is no leak
}

// PublishedRow is one model.
type PublishedRow struct {
	Model     string
	Published float64          // accuracy that the case study reports
	Test      bool             // on its test part; otherwise it is a mean of its cross-validation
	Leaky     float64          // accuracy here by the same steps, leaks and all; NaN (null in JSON) without PublishedOptions.Leaks
	Sound     float64          // the same steps without the leaks
	Scores    []PublishedScore // of all arms, in the order of Published.Arms: Sound is of the first, Leaky of the second
	// What the leaks add to the accuracy at the published shares; nil without PublishedOptions.Leaks.
	Both, LateColumn, Oversampling *Price
}

// PublishedScore is how one model does on the test part of one arm.
type PublishedScore struct {
	Setting  string  // hyper-parameters
	Accuracy float64 // with the published shares: an active user counts for five, which the copies before the split do by themselves
	SE       float64 // of Accuracy, users being the unit, given the fit
	Natural  float64 // accuracy with the population's own shares
	AUC      float64 // does not hang on shares
	Rows     int     // learned from
	Reached  bool    // the optimum; false where a kernel SVM's steps ran out
}

// Price is what a leak adds to an accuracy, with its 95% interval: users are the unit, and the fits are given.
type Price struct{ Added, Low, High float64 }

// RunPublished repeats the case study over the days of q. The audit comes first: it must be silent about the arm without
// leaks, and what it says of the others is in the result.
func RunPublished(ctx context.Context, w warehouse.Training, q Question, opt PublishedOptions) (*Published, error) {
	if opt.Share == 0 {
		opt.Share = .1
	}
	if opt.KernelRows == 0 {
		opt.KernelRows = 20_000
	}
	if !(opt.Share > 0) || opt.Share > 1 || opt.KernelRows < 100 {
		return nil, fmt.Errorf("published protocol: a share of %v of the rows and %d rows for kernel machines: expected above 0 up to 1, and at least 100", opt.Share, opt.KernelRows)
	}
	o, err := Observe(ctx, w, q)
	if err != nil {
		return nil, err
	}
	profiles, err := w.Profiles(ctx)
	if err != nil {
		return nil, err
	}
	defs := feature.CaseStudy()
	if opt.Leaks {
		defs = append(defs, feature.LateImpressions())
	}
	all, err := Gather(ctx, w, o, feature.Spec{Defs: defs})
	if err != nil {
		return nil, err
	}
	p := &Published{Source: publishedSource, SourceUsers: publishedUsers, SourceShare: float64(publishedActive) / publishedUsers, SourceTest: publishedTest,
		Question: q, Threshold: o.Threshold}
	population := rows(len(all.Users), func(i int) bool { return all.Back[i] && profiles.Listed[all.Users[i]] })
	p.Users = len(population)
	for _, i := range population {
		if all.Active[i] {
			p.Active++
		}
	}
	if p.Active < 50 || p.Users-p.Active < 50 {
		return nil, fmt.Errorf("published protocol: %d users were seen in both windows, %d of them active; at least 50 of either kind are needed: load a larger log, or choose other windows", p.Users, p.Active)
	}
	arms := []PublishedArm{{Name: "without leaks"}}
	if opt.Leaks {
		arms = append(arms, PublishedArm{Name: "with both leaks", Late: true, Copies: true}, PublishedArm{Name: "with the late column", Late: true}, PublishedArm{Name: "with copies before the split", Copies: true})
	}
	models := publishedModels(opt)
	for _, m := range models {
		p.Rows = append(p.Rows, PublishedRow{Model: m.name, Published: m.published, Test: m.test})
	}
	swings := make([][][]float64, len(models)) // by model and arm: the users' parts in its accuracy
	for k := range arms {
		s := all
		if opt.Leaks && !arms[k].Late {
			s = all.without(feature.LateImpressions().Name)
		}
		a, err := drawArm(s, population, arms[k], opt)
		if err != nil {
			return nil, fmt.Errorf("published protocol, %s: %w", arms[k].Name, err)
		}
		if err := a.audit(ctx, w); err != nil {
			return nil, err
		}
		if err := a.encode(ctx); err != nil {
			return nil, err
		}
		if k == 0 {
			p.Columns = a.columns
		}
		for j, m := range models {
			if opt.Progress != nil {
				opt.Progress(int64(k*len(models)+j), int64(len(arms)*len(models)))
			}
			score, swing, err := a.run(ctx, m, opt)
			if err != nil {
				return nil, fmt.Errorf("published protocol, %s, %s: %w", m.name, a.Name, err)
			}
			p.Rows[j].Scores, swings[j] = append(p.Rows[j].Scores, score), append(swings[j], swing)
		}
		p.Arms = append(p.Arms, a.PublishedArm)
	}
	if opt.Progress != nil {
		opt.Progress(int64(len(arms)*len(models)), int64(len(arms)*len(models)))
	}
	for j := range p.Rows {
		r := &p.Rows[j]
		r.Sound, r.Leaky = r.Scores[0].Accuracy, math.NaN()
		if opt.Leaks {
			r.Leaky = r.Scores[1].Accuracy
			price := func(arm int) *Price { return priceOf(r.Scores[arm], r.Scores[0], swings[j][arm], swings[j][0]) }
			r.Both, r.LateColumn, r.Oversampling = price(1), price(2), price(3)
		}
	}
	p.notes(opt)
	return p, nil
}

// notes say where this departs from the study.
func (p *Published) notes(opt PublishedOptions) {
	if p.Arms[0].Learned > opt.KernelRows {
		p.Notes = append(p.Notes, fmt.Sprintf("The SVMs learn from %d rows drawn from the %d that the other models learn from: their time grows with the square of the rows.", opt.KernelRows, p.Arms[0].Learned))
	}
	if opt.Search {
		p.Notes = append(p.Notes, "Hyper-parameters are chosen from the study's grids by accuracy on the validation part; the study chose them by repeated cross-validation over training and validation part. Its network's 100 and 1000 epochs, which were no better there, are left out.")
	} else {
		p.Notes = append(p.Notes, "Hyper-parameters are those that the study's grids gave there.")
	}
	for _, r := range p.Rows {
		if n := len(r.Scores) - len(slices.DeleteFunc(slices.Clone(r.Scores), func(s PublishedScore) bool { return !s.Reached })); n > 0 {
			p.Notes = append(p.Notes, fmt.Sprintf("%s: in %d of %d columns the optimum was not reached in %d steps: without logarithms a few users lie far out, and with a high cost they decide.", r.Model, n, len(r.Scores), kernelSteps))
		}
	}
	p.Notes = append(p.Notes,
		"The accuracies reported for the linear and the polynomial SVM are means of the study's cross-validation, the others are of its test part.",
		"The network ends in a softmax over its two outputs; the study's had two sigmoids, divided by their sum.",
		fmt.Sprintf("Accuracy is at the published shares, an active user counting for five. At the population's own shares the label of most for everyone is right in %.1f%%, the best of these models, taught at the published shares, in %.1f%%.",
			100*p.Arms[0].Natural, 100*slices.MaxFunc(p.Rows, func(a, b PublishedRow) int { return cmp.Compare(a.Scores[0].Natural, b.Scores[0].Natural) }).Scores[0].Natural))
	if opt.Leaks {
		p.Notes = append(p.Notes, "Columns with leaks are there to show what the leaks add. The audit refuses their plans; its alarms stand beside them.")
	}
	worst := 0.0
	for _, r := range p.Rows {
		for _, s := range r.Scores {
			worst = max(worst, s.SE)
		}
	}
	p.Notes = append(p.Notes, fmt.Sprintf("The test part without leaks has %d rows, the study's had %d: an accuracy here is good to %.1f points or better, at the 95%% level.", p.Arms[0].Test, publishedRows, 196*worst))
}

// without is s less one column.
func (s *Set) without(name string) *Set {
	j, err := s.column(name)
	if err != nil {
		return s
	}
	t := &feature.Table{Users: s.Users, Context: s.Table.Context, Defs: slices.Delete(slices.Clone(s.Table.Defs), j, j+1)}
	t.Data = make([]float32, 0, len(s.Users)*len(t.Defs))
	for i := range s.Users {
		row := s.X.Row(i)
		t.Data = append(append(t.Data, row[:j]...), row[j+1:]...)
	}
	out := *s
	out.Table, out.Columns, out.X = t, columnsOf(t), &learn.Matrix{Rows: len(s.Users), Cols: len(t.Defs), Data: t.Data}
	return &out
}

// priceOf is the difference of two accuracies. A user's part in it is her part in the one less that in the other, so that
// the interval is right whether the test parts share users or not.
func priceOf(a, b PublishedScore, partsA, partsB []float64) *Price {
	var sum float64
	for i := range partsA {
		d := partsA[i] - partsB[i]
		sum += d * d
	}
	added, half := a.Accuracy-b.Accuracy, 1.959963984540054*math.Sqrt(sum)
	return &Price{Added: added, Low: added - half, High: added + half}
}

// multiplied is rows and, after them, copies of the active ones, four for each, drawn with replacement.
func multiplied(at []int32, active []bool, r *rand.Rand) []int32 {
	var of []int32
	for _, i := range at {
		if active[i] {
			of = append(of, i)
		}
	}
	out := slices.Clone(at)
	for range copies * len(of) {
		out = append(out, of[r.IntN(len(of))])
	}
	return out
}

// sampled is a share of rows, drawn without replacement.
func sampled(at []int32, share float64, r *rand.Rand) []int32 {
	out := slices.Clone(at)
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out[:int(share*float64(len(out)))]
}

// audit asks for alarms; only an arm with a leak may have any.
func (a *publishedArm) audit(ctx context.Context, w warehouse.Training) error {
	err := Audit(ctx, w, a.set, a.trail)
	var leak *LeakError
	if errors.As(err, &leak) && (a.Late || a.Copies) {
		a.Alarms = leak.Alarms
		return nil
	}
	return err
}
