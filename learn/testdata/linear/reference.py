# Reference values of the linear models. Run as
#
#     /usr/bin/python3 reference.py ../../../../shared/data/online_shoppers/online_shoppers_intention.csv > reference.json
#
# in this directory, with scikit-learn 1.2.1, numpy 1.24 and scipy 1.10 (Debian 12). It takes a few seconds.

import csv
import json
import sys
import warnings

import numpy as np
from scipy.stats import norm
from sklearn.calibration import _sigmoid_calibration
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

warnings.simplefilter("error")

r = np.random.default_rng(7)
n, p = 150, 6
X = np.round(r.normal(size=(n, p)) * [1, 2, .5, 1, 1, 1] + [0, 1, 0, 0, -1, 0], 2)
X[:, 3] = X[:, 3] > .3  # an indicator
X[:, 4] = np.round(.8 * X[:, 0] + .3 * X[:, 4], 2)  # hangs together with the first
X = X.astype(np.float32)
y = r.random(n) < 1 / (1 + np.exp(-(-.7 + X @ [1, -.5, .8, 1, 0, 0])))
w = r.choice([0, .5, 1, 1, 2, 3.25], size=n)


def fit(X, y, w, penalty, C=1., ratio=.5, balanced=False):
    w = np.ones(len(y)) if w is None else w
    if balanced:  # by sums of weights
        w = w * np.where(y, .5 * w.sum() / w[y].sum(), .5 * w.sum() / w[~y].sum())
    smooth = penalty in ("l2", "none")
    m = LogisticRegression(
        penalty=None if penalty == "none" else penalty, C=C, l1_ratio=ratio if penalty == "elasticnet" else None,
        solver="newton-cholesky" if smooth else "saga", tol=1e-11 if smooth else 1e-13, max_iter=1000000, random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # C without a penalty
        m.fit(X.astype(np.float64), y, sample_weight=w)
    assert m.n_iter_[0] < 1000000
    return m


def errors(m, X, w):
    A = np.column_stack([X.astype(np.float64), np.ones(len(X))])
    q = m.predict_proba(X)[:, 1]
    w = np.ones(len(X)) if w is None else w
    return np.sqrt(np.diag(np.linalg.inv(A.T @ (A * (w * q * (1 - q))[:, None]))))


logistic = []
for penalty, C, ratio in [("none", 1, .5), ("l2", 1, .5), ("l2", .02, .5), ("l1", 1, .5), ("l1", .1, .5), ("elasticnet", .2, .5), ("elasticnet", .1, .9)]:
    for weighted in [False, True]:
        for balanced in [False, True]:
            if balanced and C not in (1, .2):
                continue
            sw = w if weighted else None
            m = fit(X, y, sw, penalty, C, ratio, balanced)
            case = dict(Penalty=penalty, C=C, Ratio=ratio, Weighted=weighted, Balanced=balanced, Intercept=m.intercept_[0], Coef=m.coef_[0].tolist())
            if penalty == "none" and not balanced:
                case["Errors"] = errors(m, X, sw).tolist()
            logistic.append(case)

svm = []
for loss in ["hinge", "squared_hinge"]:
    for C in [1, .05]:
        for weighted in [False, True]:
            for balanced in [False, True]:
                sw = w if weighted else np.ones(n)
                if balanced:
                    sw = sw * np.where(y, .5 * sw.sum() / sw[y].sum(), .5 * sw.sum() / sw[~y].sum())
                m = LinearSVC(loss=loss, C=C, tol=1e-11, max_iter=20000000, dual=True, random_state=1).fit(X, y, sample_weight=sw)
                svm.append(dict(Loss=loss, C=C, Weighted=weighted, Balanced=balanced, Intercept=m.intercept_[0], Coef=m.coef_[0].tolist()))

decision = np.round(X @ [1, -.5, .8, 1, 0, 0] + r.normal(size=n), 3).astype(np.float64)
platt = []
for weighted in [False, True]:
    a, b = _sigmoid_calibration(decision, y.astype(int), w if weighted else None)
    platt.append(dict(Weighted=weighted, A=a, B=b))

# The table of online shoppers: the logs of 1 + its ten numbers, and the weekend.
with open(sys.argv[1]) as f:
    rows = list(csv.reader(f))[1:]
S = np.array([[np.log1p(float(v)) for v in row[:10]] + [row[16] == "TRUE"] for row in rows], dtype=np.float32)
sy = np.array([row[17] == "TRUE" for row in rows])
shoppers = []
for penalty, C in [("none", 1), ("l2", .01), ("l1", .05)]:
    m = fit(S, sy, None, penalty, C)
    case = dict(Penalty=penalty, C=C, Intercept=m.intercept_[0], Coef=m.coef_[0].tolist(), P=m.predict_proba(S[:5])[:, 1].tolist())
    if penalty == "none":
        se = errors(m, S, None)
        b = np.append(m.coef_[0], m.intercept_[0])
        case.update(Errors=se.tolist(), PValues=(2 * norm.sf(np.abs(b / se))).tolist(),
                    Low=(b - norm.ppf(.975) * se).tolist(), High=(b + norm.ppf(.975) * se).tolist())
    shoppers.append(case)

json.dump(dict(X=[[float(str(v)) for v in row] for row in X], Y=y.tolist(), W=w.tolist(), Logistic=logistic, SVM=svm,
               Decision=decision.tolist(), Platt=platt, Shoppers=shoppers), sys.stdout)
