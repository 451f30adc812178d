# Reference values of bayes_test.go, by scikit-learn 1.2.1. Run in this directory, with the table of online shoppers in the
# directory shared/data beside the checkout:
#   python3 reference.py ../../../../shared/data/online_shoppers/online_shoppers_intention.csv > reference.json
# joint is log p(y) + log p(x | y); that of mixed columns is the sum of GaussianNB's and CategoricalNB's less one log prior.
import csv
import json
import sys

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import CategoricalNB, GaussianNB

r = np.random.default_rng(5)
n = 80
N = np.round(r.normal(size=(n, 3)) * [1, 5, .1] + [0, 2, -1], 3).astype('f4')
C = np.stack([r.integers(0, 4, n), r.integers(0, 2, n)], 1)
C[:4, 0] = range(4)
y = r.random(n) < 1 / (1 + np.exp(-(N[:, 0] + C[:, 0] - 2)))
w = np.round(.1 + r.random(n) * 2, 2).astype('f4').astype('f8')  # summed in float64


def joint(N, C, y, w, smoothing, alpha, prior, N2, C2):
    priors = None if prior is None else [1 - prior, prior]
    g = GaussianNB(var_smoothing=smoothing, priors=priors).fit(N.astype('f8'), y, w)
    c = CategoricalNB(alpha=alpha, class_prior=priors, min_categories=C.max(0).astype(int) + 1).fit(C, y, w)
    prior = np.log(g.class_prior_)
    g, c = g._joint_log_likelihood(N2.astype('f8')), c._joint_log_likelihood(C2)
    return g, c, g + c - prior


out = dict(N=N.tolist(), C=C.tolist(), y=y.tolist(), w=w.tolist(), cases=[])
for weighted, smoothing, alpha, prior in [(False, 1e-9, 1, None), (True, 1e-9, 1, None), (True, .01, .25, .3)]:
    g, c, m = joint(N, C, y, w if weighted else None, smoothing, alpha, prior, N, C)
    out['cases'].append(dict(weighted=weighted, smoothing=smoothing, alpha=alpha, prior=prior or 0, numbers=g[:30].tolist(),
                             categories=c[:30].tolist(), mixed=m[:30].tolist()))

rows = list(csv.DictReader(open(sys.argv[1])))
names = list(rows[0])
numbers, categories = names[:10], names[10:17]
N = np.array([[float(q[k]) for k in numbers] for q in rows]).astype('f4')
levels = [sorted({q[k] for q in rows}) for k in categories]
C = np.array([[l.index(q[k]) for k, l in zip(categories, levels)] for q in rows])
Y = np.array([q['Revenue'] == 'TRUE' for q in rows])
train, test = np.arange(len(rows)) % 4 != 1, np.arange(len(rows)) % 4 == 1
g = GaussianNB().fit(N[train].astype('f8'), Y[train])
c = CategoricalNB(min_categories=[len(l) for l in levels]).fit(C[train], Y[train])
m = g._joint_log_likelihood(N[test].astype('f8')) + c._joint_log_likelihood(C[test]) - np.log(g.class_prior_)
out['shoppers'] = dict(numbers=numbers, categories=categories, auc=roc_auc_score(Y[test], m[:, 1] - m[:, 0]), mixed=m[:100].tolist())
json.dump(out, sys.stdout)
