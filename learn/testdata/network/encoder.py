"""Writes encoder.json: columns of numbers, some missing, as scikit-learn fills and standardises them.

Run with: /usr/bin/python3 encoder.py > encoder.json   (scikit-learn 1.2.1, numpy 1.24.2)
"""
import json
import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

rng = np.random.default_rng(5)
n = 60
X = np.column_stack([
    rng.normal(1e4, 3, n), rng.exponential(50, n) ** 2, np.full(n, 0.1), -rng.exponential(1, n), rng.integers(0, 3, n),
]).astype(np.float32).astype(float)
X[rng.random((n, 5)) < 0.15] = np.nan
X[:, 2] = np.float32(0.1)
log = FunctionTransformer(lambda a: np.sign(a) * np.log1p(np.abs(a)))
out = {"X": [[None if np.isnan(v) else v for v in r] for r in X]}
for name, steps in {
    "mean": [SimpleImputer(), StandardScaler()],
    "median": [SimpleImputer(strategy="median"), StandardScaler()],
    "constant": [SimpleImputer(strategy="constant", fill_value=7), StandardScaler()],
    "log mean": [log, SimpleImputer(), StandardScaler()],
    "indicator": [SimpleImputer(add_indicator=True)],
}.items():
    out[name] = make_pipeline(*steps).fit_transform(X).tolist()

C = rng.choice(["a", "b", "c", "d", "e"], size=(n, 1), p=[0.4, 0.3, 0.2, 0.05, 0.05]).astype(object)
out["C"] = C[:, 0].tolist()
out["one-hot"] = OneHotEncoder(sparse_output=False).fit_transform(C).tolist()
out["drop first"] = OneHotEncoder(sparse_output=False, drop="first").fit_transform(C).tolist()
out["rare"] = OneHotEncoder(sparse_output=False, min_frequency=8).fit_transform(C).tolist()
print(json.dumps(out))
