# Reference values of regressions and ranking metrics. Run as
#
#     /usr/bin/python3 reference.py > reference.json
#
# in this directory, with scikit-learn 1.2.1 and numpy 1.24 (Debian 12). It takes a few seconds. Columns have at most 255 values, so
# that binning loses nothing, and each boosted regression is fitted with 10 seeds, which break ties differently, and must
# come out the same.

import json
import sys
import warnings

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, mean_squared_error, mean_tweedie_deviance, ndcg_score, r2_score, roc_auc_score

warnings.simplefilter("error")
out = {"Boost": [], "Ridge": [], "NDCG": [], "AUC": [], "Loss": []}

r = np.random.RandomState(5)
n, p = 200, 4
X = np.round(r.normal(size=(n, p)) * [1, 2, .5, 1], 2).astype(np.float32)
y = np.round(3 * np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + .5 * r.normal(size=n) + 40, 3).astype(np.float32)
w = np.round(r.uniform(.2, 3, n), 2).astype(np.float32)
out["X"], out["Y"], out["Weight"] = [[[float(v) for v in row] for row in X], [float(v) for v in y], [float(v) for v in w]]

for weighted in (False, True):
    weight = w.astype(np.float64) if weighted else None
    for trees, rate, leaves, depth, least in [(12, .3, 8, None, 5), (12, .1, None, 3, 5), (5, 1, 5, None, 1)]:
        least = 1 if weighted else least  # counts rows there, weight here
        fits = [GradientBoostingRegressor(criterion="squared_error", n_estimators=trees, learning_rate=rate, max_leaf_nodes=leaves,
                                          max_depth=depth, min_samples_leaf=least, random_state=s).fit(X, y, weight).predict(X) for s in range(10)]
        if np.ptp(fits, axis=0).max() > 1e-9:
            print("ties:", weighted, trees, np.ptp(fits, axis=0).max(), file=sys.stderr)
            continue
        out["Boost"].append({"Weighted": weighted, "Trees": trees, "Rate": rate, "Leaves": leaves or 0, "Depth": depth or 0, "MinLeaf": least, "Predicted": fits[0].tolist()})
    for alpha in (0, 1, 50):
        m = Ridge(alpha=alpha, solver="cholesky").fit(X.astype(np.float64), y.astype(np.float64), weight)
        out["Ridge"].append({"Weighted": weighted, "L2": alpha, "Coef": m.coef_.tolist(), "Intercept": float(m.intercept_)})

for k in range(30):  # groups of rows with ties in scores and grades
    m = r.randint(2, 15)
    grade = r.randint(0, 4, m)
    score = np.round(r.normal(size=m), 0 if k % 2 else 3) + 0.
    group = {"Grade": grade.tolist(), "Score": score.tolist()}
    if grade.max() > 0:
        for at in (1, 3, 5, 0):
            at_k = at or None
            out["NDCG"].append(dict(group, K=at, Exponential=ndcg_score([2. ** grade - 1], [score], k=at_k), Linear=ndcg_score([grade], [score], k=at_k)))
    if 0 < (grade > 0).sum() < m:
        weight = np.round(r.uniform(.5, 3, m), 2).astype(np.float32)
        out["AUC"].append(dict(group, Weight=[float(v) for v in weight], Plain=roc_auc_score(grade > 0, score), Weighted=roc_auc_score(grade > 0, score, sample_weight=weight.astype(np.float64))))

amounts = np.where(r.uniform(size=60) < .4, 0, np.round(r.gamma(1.5, 8, 60), 2)).astype(np.float32)
predicted = np.round(r.uniform(.5, 30, 60), 3)
weight = np.round(r.uniform(.2, 3, 60), 2).astype(np.float32)
v = amounts.astype(np.float64)
for wt in (None, weight.astype(np.float64)):
    out["Loss"].append({
        "Y": [float(a) for a in amounts], "Predicted": predicted.tolist(), "Weight": None if wt is None else [float(a) for a in weight],
        "RMSE": mean_squared_error(v, predicted, sample_weight=wt) ** .5, "MAE": mean_absolute_error(v, predicted, sample_weight=wt),
        "R2": r2_score(v, predicted, sample_weight=wt),
        "Deviance": [[q, mean_tweedie_deviance(v, predicted, sample_weight=wt, power=q)] for q in (1, 1.2, 1.5, 1.9)]})
json.dump(out, sys.stdout)
