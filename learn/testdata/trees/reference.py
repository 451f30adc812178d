# Reference values of scikit-learn 1.2.1 for the tree learners. Run in this directory, once:
#   SEGUE_LEARN_BENCH=/tmp/case SEGUE_LEARN_ROWS=20000 go test ../.. -run TestWriteCaseStudy
#   python3 reference.py /tmp/case ../../../../shared/data/online_shoppers/online_shoppers_intention.csv > reference.json
# "Trees" are small ones of at most 255 values a column, so that binning loses nothing, and whose splits are unique: each is
# fitted with 20 seeds, which break ties differently, and must come out the same. "AUC" is that of larger models on rows they
# were not fitted on, mean over the seeds.
import csv
import json
import sys

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

out = {"Trees": [], "AUC": {}}


def nodes(t):
    """Nodes in preorder: feature (-1 for a leaf), threshold, share of positives, rows."""
    rows = []

    def walk(i):
        leaf = t.children_left[i] < 0
        v = t.value[i][0]
        rows.append([-1 if leaf else int(t.feature[i]), 0 if leaf else float(t.threshold[i]), v[1] / v.sum(), float(t.weighted_n_node_samples[i])])
        if not leaf:
            walk(t.children_left[i])
            walk(t.children_right[i])

    walk(0)
    return rows


r = np.random.RandomState(7)
n = 220
X = np.round(r.normal(size=(n, 4)), 2).astype(np.float32)
y = (r.uniform(size=n) < 1 / (1 + np.exp(-1.5 * X[:, 0] - X[:, 1] * X[:, 2]))).astype(int)
weights = {"": None, "whole": r.randint(1, 4, n).astype(np.float32), "any": np.round(r.uniform(0.1, 3, n), 2).astype(np.float32)}
out["X"] = [[float(v) for v in row] for row in X]
out["Y"] = y.tolist()
out["Weights"] = {k: [float(v) for v in w] for k, w in weights.items() if k}
for weight in weights:
    for config in [
        dict(max_depth=3, min_samples_leaf=5),
        dict(max_depth=3, min_samples_leaf=5, criterion="entropy"),
        dict(max_leaf_nodes=7, min_samples_leaf=5),
        dict(max_depth=6, min_impurity_decrease=0.012),
    ]:
        if weight and "min_samples_leaf" in config:  # counts rows there, weight here
            config = dict(config, min_samples_leaf=1)
        found = {json.dumps(nodes(DecisionTreeClassifier(random_state=s, **config).fit(X, y, sample_weight=weights[weight]).tree_)) for s in range(20)}
        if len(found) > 1:
            print("ties:", weight, config, len(found), file=sys.stderr)
            continue
        m = DecisionTreeClassifier(random_state=0, **config).fit(X, y, sample_weight=weights[weight])
        out["Trees"].append({"Weight": weight, "Config": config, "Nodes": json.loads(found.pop()), "Importance": m.feature_importances_.tolist()})


def auc(name, make, train, test):
    z = [roc_auc_score(test[1], make(s).fit(*train).predict_proba(test[0])[:, 1]) for s in range(3)]
    out["AUC"][name] = float(np.mean(z))
    print(name, z, file=sys.stderr)


def compare(name, train, test):
    auc(name + " tree", lambda s: DecisionTreeClassifier(max_depth=6, min_samples_leaf=20, random_state=s), train, test)
    auc(name + " forest", lambda s: RandomForestClassifier(200, max_depth=10, random_state=s), train, test)
    auc(name + " boosted", lambda s: HistGradientBoostingClassifier(early_stopping=False, random_state=s), train, test)


d = sys.argv[1] + "/"
case = [(np.fromfile(d + "X" + s + ".f32", "<f4").reshape(-1, 47), np.fromfile(d + "y" + s + ".u8", "u1")) for s in ("", ".test")]
compare("case study", *case)
table = list(csv.reader(open(sys.argv[2])))[1:]
columns = []
for j in range(17):
    values = [row[j] for row in table]
    if j in (10, 15, 16):  # words: their place in the alphabet
        words = sorted(set(values))
        columns.append([words.index(v) for v in values])
    else:
        columns.append([float(v) for v in values])
X = np.array(columns, np.float32).T
y = np.array([row[17] == "TRUE" for row in table])
test = np.arange(len(y)) % 3 == 0
compare("online shoppers", (X[~test], y[~test]), (X[test], y[test]))
json.dump(out, sys.stdout)
