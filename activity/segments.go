// Segments of users by what they did early. k-means finds clusters in anything; whether there are groups is another question,
// and it is answered first: by how alike clusterings of other samples are, by silhouettes, and by whether there is a valley
// between the clusters. Where there is none, segments are cuts through a gradient, and it is said so.

package activity

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/seguefeed/segue/learn"
)

// segmentFeatures are the early behaviour that segments are made of, with words for much and little of each.
var segmentFeatures = []struct{ name, much, little string }{
	{"impressions", "many impressions", "few impressions"},
	{"active_days", "many days", "few days"},
	{"browsed_share", "browse", "look in passing"},
	{"mean_depth", "go deep", "stay on top"},
	{"clicks", "many clicks", "no clicks"},
	{"view_seconds", "view long", "view little"},
	{"swipes", "swipe on", "do not swipe"},
	{"recency", "not seen lately", "seen lately"},
}

// Segments are k clusters of users.
type Segments struct {
	Names    []string
	Profiles [][]float64 // by segment and segment feature: the mean, in the feature's own unit
	Features []string
	Sizes    []int
	Back     []float64 // share seen late, by segment
	Active   []float64 // share active late
	Groups   bool      // the clusters are separate groups; otherwise a gradient was cut
	Choice   learn.ClusterChoice
	// What a Gaussian mixture of as many components finds: how alike its assignment is to k-means' (adjusted Rand), and the
	// number of components, of those tried, with the least BIC.
	MixtureAgreement float64
	MixtureBest      int

	// How a row's segment is found: its columns At, encoded, and the nearest centre.
	Encoder *learn.Encoder `json:"-"`
	At      []int          `json:"-"`
	Means   *learn.KMeans  `json:"-"`
}

const (
	gradientCuts   = 4       // segments of a gradient
	segmentSample  = 100_000 // users that clusters are fitted on
	mixtureSample  = 20_000
	mostComponents = 6
)

// FindSegments clusters the users of s.
func FindSegments(ctx context.Context, s *Set, seed uint64) (*Segments, error) {
	sg := &Segments{}
	for _, f := range segmentFeatures {
		j, err := s.column(f.name)
		if err != nil {
			return nil, fmt.Errorf("segments: %w", err)
		}
		sg.At, sg.Features = append(sg.At, j), append(sg.Features, f.name)
	}
	sample := &learn.Data{X: sg.view(s.X.Take(every(len(s.Users), segmentSample)))}
	for _, name := range sg.Features {
		sample.Columns = append(sample.Columns, learn.Column{Name: name})
	}
	var err error
	if sg.Encoder, err = learn.FitEncoder(ctx, sample, learn.EncoderConfig{Log: "auto"}); err != nil {
		return nil, fmt.Errorf("segments: %w", err)
	}
	x := learn.NewMatrix(sample.X.Rows, len(sg.Encoder.Out))
	if err := sg.Encoder.Transform(ctx, sample.X, x); err != nil {
		return nil, fmt.Errorf("segments: %w", err)
	}
	choice, err := learn.ChooseClusters(ctx, x, learn.ClusterChoiceConfig{Seed: seed})
	if err != nil {
		return nil, fmt.Errorf("segments: %w", err)
	}
	sg.Choice, sg.Groups = *choice, choice.K > 1
	k := choice.K
	if !sg.Groups {
		k = min(gradientCuts, len(choice.Trials)+1)
	}
	if sg.Means, err = learn.FitKMeans(ctx, x, learn.KMeansConfig{K: k, Seed: seed}); err != nil {
		return nil, fmt.Errorf("segments: %w", err)
	}
	if err := sg.mixture(ctx, x, k, seed); err != nil {
		return nil, fmt.Errorf("segments: %w", err)
	}
	sg.Means.Assignment = nil // of the sample; it has done its work
	return sg, sg.describe(ctx, s)
}

// valid says why segments that were read from a file cannot be used on rows of so many columns.
func (sg *Segments) valid(columns int) error {
	k := 0
	if sg.Means != nil {
		k = len(sg.Means.Centers)
	}
	if k == 0 || k != len(sg.Names) || sg.Encoder == nil || len(sg.Encoder.In) != len(sg.At) {
		return ErrPredictor
	}
	for _, j := range sg.At {
		if j < 0 || j >= columns {
			return ErrPredictor
		}
	}
	for _, c := range sg.Means.Centers {
		if len(c) != len(sg.Encoder.Out) {
			return ErrPredictor
		}
	}
	return nil
}

// every are at most most rows of n, evenly spread.
func every(n, most int) []int32 {
	step := max(1, (n+most-1)/most)
	var out []int32
	for i := 0; i < n; i += step {
		out = append(out, int32(i))
	}
	return out
}

func (sg *Segments) view(x *learn.Matrix) *learn.Matrix {
	f := fitted{at: sg.At}
	return f.view(x)
}

func (sg *Segments) mixture(ctx context.Context, x *learn.Matrix, k int, seed uint64) error {
	rows := every(x.Rows, mixtureSample)
	part := x.Take(rows)
	best := math.Inf(1)
	for c := 1; c <= mostComponents; c++ {
		m, err := learn.FitMixture(ctx, part, learn.MixtureConfig{K: c, Diagonal: true, Ridge: 1e-3, Seed: seed, Iterations: 60})
		if err != nil {
			return err
		}
		if m.BIC < best {
			best, sg.MixtureBest = m.BIC, c
		}
		if c != k {
			continue
		}
		r := make([]float64, part.Rows*c)
		if _, err := m.Responsibilities(ctx, part, r, 0); err != nil {
			return err
		}
		a, b := make([]int32, part.Rows), make([]int32, part.Rows)
		for i, row := range rows {
			one := r[i*c : (i+1)*c]
			a[i], b[i] = int32(slices.Index(one, slices.Max(one))), sg.Means.Assignment[row]
		}
		sg.MixtureAgreement = learn.AdjustedRand(a, b)
	}
	return nil
}

// Assign writes the segment of each row of x, which has the columns of the set.
func (sg *Segments) Assign(ctx context.Context, x *learn.Matrix, a []int32) error {
	v := sg.view(x)
	e := learn.NewMatrix(v.Rows, len(sg.Encoder.Out))
	if err := sg.Encoder.Transform(ctx, v, e); err != nil {
		return err
	}
	return sg.Means.Assign(ctx, e, a, 0)
}

// describe counts and names the segments, over all users.
func (sg *Segments) describe(ctx context.Context, s *Set) error {
	k := len(sg.Means.Centers)
	sg.Sizes, sg.Back, sg.Active, sg.Profiles = make([]int, k), make([]float64, k), make([]float64, k), make([][]float64, k)
	counts := make([][]float64, k)
	for c := range k {
		sg.Profiles[c], counts[c] = make([]float64, len(sg.At)), make([]float64, len(sg.At))
	}
	a := make([]int32, scoreRows)
	for from := 0; from < len(s.Users); from += scoreRows {
		to := min(from+scoreRows, len(s.Users))
		x := &learn.Matrix{Rows: to - from, Cols: s.X.Cols, Data: s.X.Data[from*s.X.Cols : to*s.X.Cols]}
		if err := sg.Assign(ctx, x, a[:x.Rows]); err != nil {
			return err
		}
		for i := range x.Rows {
			c := a[i]
			sg.Sizes[c]++
			if s.Back[from+i] {
				sg.Back[c]++
			}
			if s.Active[from+i] {
				sg.Active[c]++
			}
			for f, j := range sg.At {
				if v := x.Row(i)[j]; v == v {
					sg.Profiles[c][f] += float64(v)
					counts[c][f]++
				}
			}
		}
	}
	for c := range k {
		n := math.Max(1, float64(sg.Sizes[c]))
		sg.Back[c], sg.Active[c] = sg.Back[c]/n, sg.Active[c]/n
		for f := range sg.Profiles[c] {
			sg.Profiles[c][f] /= math.Max(1, counts[c][f])
		}
		sg.Names = append(sg.Names, sg.name(c))
	}
	sg.apart()
	return nil
}

// name puts into words in which features a centre lies farthest from the mean, which is 0 in spreads.
func (sg *Segments) name(c int) string {
	centre := sg.Means.Centers[c]
	order := make([]int, len(centre))
	for f := range order {
		order[f] = f
	}
	sort.SliceStable(order, func(a, b int) bool { return math.Abs(centre[order[a]]) > math.Abs(centre[order[b]]) })
	var words []string
	for _, f := range order[:2] {
		word := segmentFeatures[f].much
		if centre[f] < 0 {
			word = segmentFeatures[f].little
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// apart numbers segments whose names came out alike.
func (sg *Segments) apart() {
	seen := map[string]int{}
	for c, name := range sg.Names {
		if seen[name]++; seen[name] > 1 {
			sg.Names[c] = fmt.Sprintf("%s (%d)", name, seen[name])
		}
	}
}

// Remark says what the segments are.
func (sg *Segments) Remark() string {
	if sg.Groups {
		return fmt.Sprintf("%d separate groups: clusterings of other samples agree, and there is a valley between any two.", len(sg.Names))
	}
	return fmt.Sprintf("There are no separate groups: early behaviour is a gradient, from hardly there to always there. The %d segments cut it where k-means does, for convenience; a user near a cut is like her neighbours beyond it.", len(sg.Names))
}
