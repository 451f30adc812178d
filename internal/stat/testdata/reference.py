"""Writes reference.json: inputs, and what SciPy and statsmodels make of them.

Run with: python reference.py > reference.json   (scipy 1.17.1, statsmodels 0.15.0, numpy of the same day)
The Go tests read the JSON only; nothing needs to be installed to run them.
"""
import json
import numpy as np
from scipy import optimize, special, stats
from statsmodels.stats import proportion as sp
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.contingency_tables import Table2x2
import statsmodels.api as sm

rng = np.random.default_rng(7)
out = {}

out["wilson"] = [[x, n, *sp.proportion_confint(x, n, method="wilson")] for x, n in
                 [(0, 10), (10, 10), (1, 3), (191600, 1000000), (3, 4000)]]

rows = []
for x1, n1, x2, n2 in [(56, 70, 48, 80), (0, 10, 0, 20), (9, 10, 3, 10), (145979, 736218, 99754, 577463), (5, 5, 0, 7)]:
    lo, hi = sp.confint_proportions_2indep(x1, n1, x2, n2, method="newcomb", compare="diff")
    z, p = sp.proportions_ztest([x1, x2], [n1, n2]) if 0 < x1 + x2 < n1 + n2 else (None, None)
    rows.append([x1, n1, x2, n2, lo, hi, z, p])
out["difference"] = rows

out["odds"] = []
for t in [[[10, 20], [30, 15]], [[145979, 590239], [99754, 477709]]]:
    r = Table2x2(np.array(t))
    out["odds"].append([t[0][0], t[0][1], t[1][0], t[1][1], r.oddsratio, *r.oddsratio_confint()])

out["chisq"] = []
for t in [[[10, 20, 30], [6, 9, 17]], [[145979, 590239], [99754, 477709]], [[5, 1], [2, 7], [9, 4]]]:
    c = stats.chi2_contingency(t, correction=False)
    out["chisq"].append({"table": t, "statistic": c.statistic, "p": c.pvalue, "df": c.dof,
                         "v": stats.contingency.association(np.array(t), method="cramer")})

out["ranks"] = []
for a, b in [([1, 2, 2, 3, 5, 8], [0, 0, 2, 3, 3]),
             (rng.poisson(3, 60).tolist(), rng.poisson(4, 45).tolist()),
             (rng.normal(0, 1, 30).tolist(), rng.normal(1, 2, 40).tolist())]:
    m = stats.mannwhitneyu(a, b, use_continuity=False, method="asymptotic")
    out["ranks"].append({"a": a, "b": b, "u": m.statistic, "p": m.pvalue})

groups = [rng.poisson(l, n).tolist() for l, n in [(3, 20), (4, 25), (3.5, 30)]]
k = stats.kruskal(*groups)
out["kruskal"] = {"groups": groups, "h": k.statistic, "p": k.pvalue}

out["welch"] = []
for a, b in [(rng.normal(10, 1, 22).tolist(), rng.normal(11, 3, 8).tolist()), ([1, 2, 3, 4], [2, 4, 6])]:
    t = stats.ttest_ind(a, b, equal_var=False)
    ci = t.confidence_interval(.95)
    out["welch"].append({"a": a, "b": b, "t": t.statistic, "df": t.df, "p": t.pvalue, "low": ci.low, "high": ci.high})

out["correlation"] = []
for n in (8, 40):
    x = rng.normal(0, 1, n).round(1)
    y = (.5 * x + rng.normal(0, 1, n)).round(1)
    w = rng.integers(1, 50, n).astype(float)
    pr, sr = stats.pearsonr(x, y), stats.spearmanr(x, y)
    ci = pr.confidence_interval(.95)
    l = stats.linregress(x, y)
    wl = sm.WLS(y, sm.add_constant(x), weights=w).fit()
    out["correlation"].append({
        "x": x.tolist(), "y": y.tolist(), "w": w.tolist(),
        "pearson": [pr.statistic, ci.low, ci.high, pr.pvalue], "spearman": [sr.statistic, sr.pvalue],
        "line": [l.intercept, l.slope, *(l.slope + np.array([-1, 1]) * stats.t.ppf(.975, n - 2) * l.stderr), l.rvalue ** 2, l.pvalue],
        "weighted": [wl.params[0], wl.params[1], *wl.conf_int()[1], wl.rsquared, wl.pvalues[1]]})

p = [.001, .008, .039, .041, .042, .06, .074, .205, .212, .216, .222, .251, .269, .275, .34, .341, .384, .569, .594, .696, .762, .94, .942, .975, .986]
out["bh"] = {"p": p, "q": multipletests(p, method="fdr_bh")[1].tolist()}

s = rng.integers(0, 12, 101).tolist()
out["quantile"] = {"sample": s, "p": [0, .05, .25, .333, .5, .75, .9, 1],
                   "q": np.quantile(s, [0, .05, .25, .333, .5, .75, .9, 1]).tolist()}

# The Poisson interval by its definition through chi-squared quantiles.
out["poisson"] = [[k, float(stats.chi2.ppf(.025, 2 * k) / 2) if k else 0.0, float(stats.chi2.ppf(.975, 2 * k + 2) / 2)] for k in (0, 1, 7, 250)]

# Far tails.
out["tails"] = {"normal": [[z, 2 * stats.norm.sf(z)] for z in (.5, 1.96, 6., 20.)],
                "student": [[t, df, 2 * stats.t.sf(t, df)] for t, df in ((.3, 4), (2.5, 28), (12., 9.5))],
                "chi2": [[x, df, stats.chi2.sf(x, df)] for x, df in ((3.84, 1), (120., 10), (900., 34))]}

# Beta-binomial: sparse trials like a feed's, fitted by scipy's optimiser on scipy's likelihood.
n = 1 + rng.negative_binomial(.6, .03, 3000)
y = rng.binomial(n, rng.beta(.4, 12., 3000))
pairs, units = np.unique(np.stack([n, y], 1), axis=0, return_counts=True)


def negative(theta):
    a, b = np.exp(theta)
    return -np.sum(units * (special.betaln(a + pairs[:, 1], b + pairs[:, 0] - pairs[:, 1]) - special.betaln(a, b)))


best = optimize.minimize(negative, [np.log(.5), np.log(10)], method="Nelder-Mead",
                         options={"xatol": 1e-10, "fatol": 1e-10, "maxiter": 10000, "maxfev": 10000})
out["betabinomial"] = {"groups": [[int(a), int(b), int(c)] for (a, b), c in zip(pairs, units)],
                       "alpha": float(np.exp(best.x[0])), "beta": float(np.exp(best.x[1])), "loglik": float(-best.fun)}

print(json.dumps(out, separators=(",", ":"), default=float))
