"""Writes reference.json: a small network's first weights, and its losses and probabilities after steps of Adam.

Run with: /usr/bin/python3 reference.py > reference.json   (scikit-learn 1.2.1, numpy 1.24.2)
The Go tests read the JSON only; nothing needs to be installed to run them.
MLPClassifier goes on from given weights when warm_start is set: each fit is one epoch of one full batch, in order.
"""
import json
import warnings
import numpy as np
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

warnings.filterwarnings("ignore")
rng = np.random.default_rng(11)
n, p, epochs, alpha, rate = 150, 7, 40, 0.5, 0.02
X = rng.normal(size=(n, p)).astype(np.float32).astype(float)
X[:, 5:] = rng.random((n, 2)) < 0.3
y = X[:, 0] * X[:, 1] + X[:, 5] - 0.3 + 0.5 * rng.normal(size=n) > 0

m = MLPClassifier(hidden_layer_sizes=(9, 5), alpha=alpha, learning_rate_init=rate, batch_size=n, max_iter=epochs,
                  shuffle=False, warm_start=True, random_state=1, tol=0, n_iter_no_change=10000)
m.max_iter = 1
m.fit(X, y)          # makes the weights, and one step that is undone here
m.coefs_ = [np.round(w, 4).astype(np.float32).astype(float) for w in m.coefs_]
m.intercepts_ = [np.round(b, 4).astype(np.float32).astype(float) for b in m.intercepts_]
out = {"X": X.tolist(), "Y": y.tolist(), "Alpha": alpha, "Rate": rate, "Epochs": epochs, "Hidden": [9, 5],
       "Initial": [w.tolist() for w in m.coefs_], "Bias": [b.tolist() for b in m.intercepts_], "Loss": []}
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer
m._optimizer = AdamOptimizer(m.coefs_ + m.intercepts_, rate)
for _ in range(epochs):
    out["Loss"].append(log_loss(y, m.predict_proba(X)[:, 1]))
    m.partial_fit(X, y)   # keeps the optimizer
out["P"] = m.predict_proba(X)[:, 1].tolist()
print(json.dumps(out))
