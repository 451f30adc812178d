"""Writes reference.json: inputs, and what scikit-learn and SciPy make of them.

Run with: /usr/bin/python3 reference.py > reference.json   (scikit-learn 1.2.1, numpy 1.24.2, scipy 1.10.1)
The Go tests read the JSON only; nothing needs to be installed to run them.
"""
import csv
import json
import numpy as np
from scipy import optimize, special, stats
from sklearn import metrics
from sklearn.calibration import calibration_curve, _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression

rng = np.random.default_rng(11)


def case(n, ties, weighted, extreme=False):
    f = rng.normal(size=n)
    p = 1 / (1 + np.exp(-f))
    if ties:
        p = np.round(p * ties) / ties
    elif not extreme:
        p = np.round(p, 6)
    y = (rng.random(n) < 1 / (1 + np.exp(-1.5 * f + .5))).astype(int)
    if extreme:
        p[:5], y[:5] = 0, [0, 1, 0, 0, 1]
        p[5:9], y[5:9] = 1, [1, 0, 1, 1]
    w = None
    if weighted:
        w = np.float32(np.round(rng.gamma(1, 1, n), 3))
        w[::17] = 0
        w = w.astype(float)
    return y, p, w


def numbers(a):
    return [float(v) for v in a]


cases = []
for n, ties, weighted, extreme in [(200, 0, False, False), (200, 20, False, False), (211, 0, True, False), (307, 10, True, False),
                                   (97, 0, False, True), (150, 3, True, True)]:
    y, p, w = case(n, ties, weighted, extreme)
    kw = dict(sample_weight=w)
    c = dict(Y=[bool(v) for v in y], P=numbers(p), W=None if w is None else numbers(w))
    c["AUC"] = metrics.roc_auc_score(y, p, **kw)
    c["AP"] = metrics.average_precision_score(y, p, **kw)
    c["LogLoss"] = metrics.log_loss(y, p, **kw)
    c["MSE"] = metrics.brier_score_loss(y, p, **kw)
    c["At"] = []
    for t in (.3, .5, .71):
        yes = (p >= t).astype(int)
        tn, fp, fn, tp = metrics.confusion_matrix(y, yes, **kw).ravel()
        c["At"].append(numbers([t, tp, fp, fn, tn, metrics.accuracy_score(y, yes, **kw), metrics.precision_score(y, yes, **kw),
                                metrics.recall_score(y, yes, **kw), metrics.f1_score(y, yes, **kw)]))
    fpr, tpr, th = metrics.roc_curve(y, p, drop_intermediate=False, **kw)
    c["FPR"], c["TPR"] = numbers(fpr), numbers(tpr)
    pr, re, th = metrics.precision_recall_curve(y, p, **kw)
    c["Precision"], c["Recall"] = numbers(pr[::-1]), numbers(re[::-1])
    c["Calibration"] = {}
    if w is None:
        for strategy in ("uniform", "quantile"):
            # 8 bins: n-1 is no multiple of 8, so that no edge falls on a row
            true, pred = calibration_curve(y, p, n_bins=8, strategy=strategy)
            c["Calibration"][strategy] = [numbers(true), numbers(pred)]
    iso = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(p, y, sample_weight=w)
    at = np.round(rng.random(50), 3)
    c["IsoX"], c["IsoY"] = numbers(iso.X_thresholds_), numbers(iso.y_thresholds_)
    c["IsoAt"] = [numbers(at), numbers(iso.predict(at))]
    cases.append(c)

f = np.round(rng.normal(size=300), 5)
y = (rng.random(300) < 1 / (1 + np.exp(-2 * f + 1))).astype(int)
w = np.round(rng.gamma(2, 1, 300).astype(np.float32), 2).astype(float)
platt = []
for weight in (None, w):
    s = _SigmoidCalibration().fit(f, y, sample_weight=weight)
    # It stops where the gradient is small; from there to where it is 0.
    at = np.ones(300) if weight is None else weight
    high, low = (at @ y + 1) / (at @ y + 2), 1 / (at @ (1 - y) + 2)
    goal = np.where(y == 1, high, low)

    def gradient(ab):
        d = at * (goal - special.expit(-(ab[0] * f + ab[1])))
        return [d @ f, d.sum()]
    exact = optimize.root(gradient, [s.a_, s.b_], tol=1e-14).x
    assert np.allclose(exact, [s.a_, s.b_], atol=1e-3)
    platt.append(numbers(exact))

binomial = [[a, b, stats.binomtest(a, a + b).pvalue] for a, b in [(1, 8), (10, 3), (40, 61), (700, 611), (0, 5)]]

# The real table lies in a folder beside the checkout. Two of its columns are taken as scores.
with open("../../../../shared/data/online_shoppers/online_shoppers_intention.csv") as file:
    rows = list(csv.DictReader(file))
bought = np.array([r["Revenue"] == "TRUE" for r in rows])
value, exits = (np.array([float(r[c]) for r in rows]) for c in ("PageValues", "ExitRates"))
p = 1 / (1 + np.exp(2.5 - value / 10))
iso = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(value, bought)
true, pred = calibration_curve(bought, p, n_bins=10)
shoppers = dict(AUC=metrics.roc_auc_score(bought, value), AUCExits=metrics.roc_auc_score(bought, -exits), AP=metrics.average_precision_score(bought, value),
                LogLoss=metrics.log_loss(bought, p), MSE=metrics.brier_score_loss(bought, p), IsoMSE=metrics.brier_score_loss(bought, iso.predict(value)),
                IsoPoints=len(iso.X_thresholds_), Calibration=[numbers(true), numbers(pred)])

json.dump(dict(Shoppers=shoppers, Cases=cases, Platt=dict(F=numbers(f), Y=[bool(v) for v in y], W=numbers(w), AB=platt), Binomial=binomial),
          __import__("sys").stdout)
