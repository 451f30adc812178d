"""Writes reference.json: rows, and what scikit-learn makes of them.

Run with: /usr/bin/python3 reference.py > reference.json   (scikit-learn 1.2.1, numpy 1.24.2)
The Go tests read the JSON only; nothing needs to be installed to run them.
"""
import csv
import json
import sys
import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.mixture import GaussianMixture

rng = np.random.default_rng(5)


def rounded(a):
    return np.float32(np.round(a, 3)).astype(float)


centers = np.array([[0, 0, 0], [5, 1, 0], [0, 6, 2], [4, 5, -4]])
blobs = rounded(np.vstack([c + rng.normal(size=(n, 3)) * s for c, n, s in zip(centers, (120, 90, 60, 40), (1, .7, 1.2, .9))]))
cov = np.array([[2, 1.2, .3], [1.2, 1, 0], [.3, 0, .5]])
slanted = rounded(np.vstack([rng.multivariate_normal([0, 0, 0], cov, 200), rng.multivariate_normal([3, -3, 1], cov / 2, 100)]))

out = dict(Sets=[])
for x, ks in ((blobs, (1, 2, 3, 4)), (slanted, (2,))):
    s = dict(X=[float(v) for v in x.ravel()], Rows=x.shape[0], Cols=x.shape[1], Fits=[])
    for k in ks:
        m = KMeans(k, n_init=50, tol=0, max_iter=1000, random_state=0).fit(x)
        f = dict(K=k, Inertia=m.inertia_, Labels=[int(v) for v in m.labels_])
        f["Silhouette"] = silhouette_score(x, m.labels_) if k > 1 else None
        for name, covariance in (("Full", "full"), ("Diagonal", "diag")):
            # EM starts where ours does, at the best clusters of k-means: four blobs have several optima with two components.
            parts = [x[m.labels_ == c] for c in range(k)]
            cov = [np.cov(q.T, bias=True) + 1e-6 * np.eye(3) for q in parts]
            precisions = [np.linalg.inv(v) if name == "Full" else 1 / np.diag(v) for v in cov]
            g = GaussianMixture(k, covariance_type=covariance, tol=1e-12, max_iter=5000, n_init=1, random_state=0,
                                weights_init=[len(q) / len(x) for q in parts], means_init=[q.mean(0) for q in parts],
                                precisions_init=np.array(precisions)).fit(x)
            f[name] = dict(LogLikelihood=float(g.score(x)), BIC=float(g.bic(x)), Weights=sorted((float(v) for v in g.weights_), reverse=True))
        s["Fits"].append(f)
    out["Sets"].append(s)

rand = []
for n, a, b in ((10, 2, 3), (50, 4, 4), (200, 1, 5), (30, 30, 2), (12, 1, 1)):
    la, lb = rng.integers(0, a, n), rng.integers(0, b, n)
    if n == 50:
        lb[:30] = la[:30] + 1
    rand.append(dict(A=[int(v) for v in la], B=[int(v) for v in lb], Value=float(adjusted_rand_score(la, lb))))
out["Rand"] = rand
# The real table lies in a folder beside the checkout: logs of its counts, times and shares.
with open("../../../../shared/data/online_shoppers/online_shoppers_intention.csv") as file:
    rows = list(csv.DictReader(file))
names = list(rows[0])[:9]
x = np.float32(np.log1p([[float(r[c]) for c in names] for r in rows])).astype(float)
out["Shoppers"] = []
for k in (2, 3):
    m = KMeans(k, n_init=20, tol=0, max_iter=1000, random_state=0).fit(x)
    out["Shoppers"].append(dict(K=k, Inertia=m.inertia_, Silhouette=float(silhouette_score(x, m.labels_)),
                                Sizes=sorted((int(v) for v in np.bincount(m.labels_)), reverse=True)))
json.dump(out, sys.stdout)
