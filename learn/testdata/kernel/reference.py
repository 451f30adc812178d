# Reference values of kernelsvm_test.go, by scikit-learn 1.2.1. Run in this directory, with the table of online shoppers in
# the directory shared/data beside the checkout:
#   python3 reference.py ../../../../shared/data/online_shoppers/online_shoppers_intention.csv > reference.json
import csv
import json
import sys

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.svm import SVC

r = np.random.default_rng(11)
n, p = 150, 5
X = np.round(r.normal(size=(n, p)) * [1, 2, .5, 1, 3] + [0, 1, 0, -2, 0], 2).astype('f4')
X[:, 4] = r.random(n) < .1  # a sparse column
y = r.random(n) < 1 / (1 + np.exp(-(X[:, 0] * X[:, 1] + X[:, 2] - .5)))
w = np.round(r.random(n) * 2, 2).astype('f4')
w[:5] = 0
T = np.round(r.normal(size=(40, p)), 2).astype('f4')
cases = [
    dict(kernel='rbf', C=1), dict(kernel='rbf', C=100), dict(kernel='rbf', C=10, gamma='auto'), dict(kernel='rbf', C=1, gamma=2.),
    dict(kernel='poly', C=1, degree=3, coef0=1.), dict(kernel='poly', C=.5, degree=2, gamma=.1), dict(kernel='linear', C=1),
    dict(kernel='rbf', C=1, class_weight='balanced'), dict(kernel='rbf', C=1, class_weight={True: 3.}),
    dict(kernel='rbf', C=2, weighted=True),
]
out = dict(X=X.tolist(), y=y.tolist(), w=w.tolist(), T=T.tolist(), cases=[])
for c in cases:
    k = dict(c)
    weighted = k.pop('weighted', False)
    m = SVC(tol=1e-7, **k).fit(X.astype('f8'), y, w if weighted else None)
    coef = np.zeros(n)
    # support_ counts without the rows of weight 0, which LIBSVM leaves out.
    coef[(np.flatnonzero(w > 0) if weighted else np.arange(n))[m.support_]] = m.dual_coef_[0]
    c = dict(c)
    c['class_weight'] = str(c.get('class_weight', ''))
    out['cases'].append(dict(setting=str(c), gamma=float(m._gamma), coef=np.round(coef, 7).tolist(), intercept=m.intercept_[0],
                             decision=m.decision_function(T.astype('f8')).tolist()))

rows = list(csv.DictReader(open(sys.argv[1])))
numbers = list(rows[0])[:10]
N = np.array([[float(q[k]) for k in numbers] for q in rows])
Y = np.array([q['Revenue'] == 'TRUE' for q in rows])
train, test = np.arange(len(rows)) % 4 == 0, np.arange(len(rows)) % 4 == 1
Z = ((N - N[train].mean(0)) / N[train].std(0)).astype('f4').astype('f8')
m = SVC().fit(Z[train], Y[train])
d = m.decision_function(Z[test])
out['shoppers'] = dict(columns=numbers, auc=roc_auc_score(Y[test], d), decision=d[:100].tolist(), intercept=m.intercept_[0])
json.dump(out, sys.stdout)
