package stat

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// The reference values are SciPy's and statsmodels'; testdata/reference.py made them.

type reference struct {
	Wilson, Odds [][]float64
	Difference   [][]*float64
	Chisq        []struct {
		Table            [][]int64
		Statistic, P, DF float64
		V                float64
	}
	Ranks []struct {
		A, B []float64
		U, P float64
	}
	Kruskal struct {
		Groups [][]float64
		H, P   float64
	}
	Welch []struct {
		A, B                []float64
		T, DF, P, Low, High float64
	}
	Correlation []struct {
		X, Y, W                           []float64
		Pearson, Spearman, Line, Weighted []float64
	}
	BH       struct{ P, Q []float64 }
	Quantile struct{ Sample, P, Q []float64 }
	Poisson  [][]float64
	Tails    struct{ Normal, Student, Chi2 [][]float64 }

	BetaBinomial struct {
		Groups              [][3]int64
		Alpha, Beta, Loglik float64
	}
}

func load(t *testing.T) reference {
	t.Helper()
	b, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// near holds got to want within a relative error of 1e-9 (absolute below 1e-300, for p-values that underflow).
func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	within(t, what, got, want, 1e-9)
}

func within(t *testing.T, what string, got, want, rel float64) {
	t.Helper()
	if !(math.Abs(got-want) <= rel*math.Abs(want)+1e-13*rel/1e-9) {
		t.Errorf("%s: %.15g, want %.15g", what, got, want)
	}
}

func TestProportionsAgainstReference(t *testing.T) {
	r := load(t)
	for _, c := range r.Wilson {
		e := Wilson(int64(c[0]), int64(c[1]))
		near(t, "wilson low", e.Low, c[2])
		near(t, "wilson high", e.High, c[3])
	}
	for _, c := range r.Difference {
		e, test := ProportionDifference(int64(*c[0]), int64(*c[1]), int64(*c[2]), int64(*c[3]))
		near(t, "newcombe low", e.Low, *c[4])
		near(t, "newcombe high", e.High, *c[5])
		if c[6] == nil {
			if test.Known() {
				t.Errorf("two shares that are both 0 gave p = %g", test.P)
			}
			continue
		}
		near(t, "z", test.Statistic, *c[6])
		near(t, "p", test.P, *c[7])
	}
	for _, c := range r.Odds {
		e := OddsRatio(int64(c[0]), int64(c[1]), int64(c[2]), int64(c[3]))
		near(t, "odds ratio", e.Value, c[4])
		near(t, "odds low", e.Low, c[5])
		near(t, "odds high", e.High, c[6])
	}
	for _, c := range r.Chisq {
		got := ChiSquared(c.Table)
		near(t, "chi-squared", got.Statistic, c.Statistic)
		near(t, "chi-squared p", got.P, c.P)
		near(t, "chi-squared df", got.DF, c.DF)
		near(t, "Cramer's V", got.CramersV.Value, c.V)
	}
	for _, c := range r.Poisson {
		e := PoissonRate(int64(c[0]), 1)
		near(t, "poisson low", e.Low, c[1])
		near(t, "poisson high", e.High, c[2])
	}
}

func TestRanksAgainstReference(t *testing.T) {
	r := load(t)
	for _, c := range r.Ranks {
		got := MannWhitney(NewCounted(c.A, nil), NewCounted(c.B, nil))
		near(t, "U", got.Statistic, c.U)
		near(t, "Mann-Whitney p", got.P, c.P)
	}
	var gs []Counted
	for _, g := range r.Kruskal.Groups {
		gs = append(gs, NewCounted(g, nil))
	}
	test, _ := KruskalWallis(gs...)
	near(t, "H", test.Statistic, r.Kruskal.H)
	near(t, "Kruskal-Wallis p", test.P, r.Kruskal.P)
}

func TestMeansAgainstReference(t *testing.T) {
	for _, c := range load(t).Welch {
		e, test := WelchT(NewMoments(c.A), NewMoments(c.B))
		near(t, "t", test.Statistic, c.T)
		near(t, "df", test.DF, c.DF)
		near(t, "p", test.P, c.P)
		near(t, "low", e.Low, c.Low)
		near(t, "high", e.High, c.High)
	}
}

func TestCorrelationAgainstReference(t *testing.T) {
	r := load(t)
	for _, c := range r.Correlation {
		e, test := Pearson(c.X, c.Y)
		for i, got := range []float64{e.Value, e.Low, e.High, test.P} {
			near(t, "pearson", got, c.Pearson[i])
		}
		e, test = Spearman(c.X, c.Y)
		near(t, "spearman", e.Value, c.Spearman[0])
		near(t, "spearman p", test.P, c.Spearman[1])
		for name, want := range map[string][]float64{"line": c.Line, "weighted line": c.Weighted} {
			var w []float64
			if name != "line" {
				w = c.W
			}
			l := FitLine(c.X, c.Y, w)
			for i, got := range []float64{l.Intercept, l.Slope.Value, l.Slope.Low, l.Slope.High, l.R2, l.P} {
				near(t, name, got, want[i])
			}
		}
	}
	for i, q := range BenjaminiHochberg(r.BH.P) {
		near(t, "q", q, r.BH.Q[i])
	}
}

func TestQuantilesAgainstReference(t *testing.T) {
	r := load(t)
	c := NewCounted(r.Quantile.Sample, nil)
	for i, p := range r.Quantile.P {
		near(t, "quantile", c.Quantile(p), r.Quantile.Q[i])
	}
}

func TestTailsAgainstReference(t *testing.T) {
	r := load(t)
	for _, c := range r.Tails.Normal {
		near(t, "normal tail", NormalP(c[0]), c[1])
	}
	for _, c := range r.Tails.Student {
		near(t, "student tail", StudentP(c[0], c[1]), c[2])
	}
	for _, c := range r.Tails.Chi2 {
		near(t, "chi-squared tail", ChiSquaredP(c[0], c[1]), c[2])
	}
}

func TestBetaBinomialAgainstReference(t *testing.T) {
	r := load(t).BetaBinomial
	var gs []Trials
	for _, g := range r.Groups {
		gs = append(gs, Trials{g[0], g[1], g[2]})
	}
	fit := FitBetaBinomial(gs)
	if !fit.Converged {
		t.Fatalf("did not converge: %+v", fit)
	}
	// The reference optimiser stops where its simplex is 1e-10 wide in the parameters, at best.
	within(t, "alpha", fit.Alpha, r.Alpha, 1e-6)
	within(t, "beta", fit.Beta, r.Beta, 1e-6)
	near(t, "log-likelihood", fit.LogLikelihood, r.Loglik)
}
