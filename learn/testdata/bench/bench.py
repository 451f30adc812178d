#!/usr/bin/env python3
"""Fits scikit-learn's classifiers and ours to one matrix, in turn, each in a process of its own.

    mkdir case && SEGUE_LEARN_BENCH=$PWD/case SEGUE_LEARN_ROWS=71306 go test ./learn -run TestWriteCaseStudy
    go test -c -o learn.test ./learn
    python3 learn/testdata/bench/bench.py case ./learn.test --runs 3 [--models logistic,forest]

Needs numpy and scikit-learn (Debian: python3-sklearn; 1.2.1 is what docs/BENCHMARKS.md was made with). For each model it
prints medians over the runs: seconds of the fit by the clock, seconds of processor time of the fit, seconds of predicting the
20,000 test rows, their ROC-AUC, and the process's greatest resident memory. `bench.py case --one MODEL` is one run of
scikit-learn's side, ours is `SEGUE_LEARN_BENCH=case SEGUE_LEARN_MODEL=MODEL ./learn.test -test.run TestSideBySide -test.v`.
The two sides' settings stand beside each other here and in learn/sidebyside_test.go.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time


def models():
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import SVC, LinearSVC
    from sklearn.tree import DecisionTreeClassifier

    return {
        "logistic": lambda x: LogisticRegression(max_iter=1000),
        "elasticnet": lambda x: LogisticRegression(penalty="elasticnet", solver="saga", l1_ratio=0.5, max_iter=1000),
        "linearsvm": lambda x: LinearSVC(dual=False),
        "hingesvm": lambda x: LinearSVC(loss="hinge"),
        "rbfsvm": lambda x: SVC(cache_size=500),
        "rbfsvm100": lambda x: SVC(C=100, cache_size=500),
        "nystroem": lambda x: make_pipeline(
            Nystroem(gamma=1 / (x.shape[1] * x.var(dtype="f8")), n_components=300, random_state=1), LinearSVC(dual=False)),
        "bayes": lambda x: GaussianNB(),
        "tree": lambda x: DecisionTreeClassifier(max_depth=10, random_state=1),
        "forest": lambda x: RandomForestClassifier(1000, max_depth=10, n_jobs=2, random_state=1),
        "boosting": lambda x: HistGradientBoostingClassifier(max_iter=100, early_stopping=False, random_state=1),
        "network": lambda x: MLPClassifier((28, 10, 6), batch_size=256, max_iter=20, tol=0, n_iter_no_change=1000, random_state=1),
    }


def one(directory, name):
    import warnings

    import numpy as np
    from sklearn.metrics import roc_auc_score

    warnings.simplefilter("ignore")  # of iterations that ran out; the count of them is in the result
    y = np.fromfile(os.path.join(directory, "y.u8"), np.uint8)
    x = np.fromfile(os.path.join(directory, "X.f32"), np.float32).reshape(len(y), -1)
    test_y = np.fromfile(os.path.join(directory, "y.test.u8"), np.uint8)
    test_x = np.fromfile(os.path.join(directory, "X.test.f32"), np.float32).reshape(len(test_y), -1)
    model = models()[name](x)
    began, cpu = time.perf_counter(), time.process_time()
    model.fit(x, y)
    fit, fit_cpu = time.perf_counter() - began, time.process_time() - cpu
    began = time.perf_counter()
    score = model.decision_function(test_x) if hasattr(model, "decision_function") else model.predict_proba(test_x)[:, 1]
    predict = time.perf_counter() - began
    out = {"fit": fit, "cpu": fit_cpu, "predict": predict, "auc": roc_auc_score(test_y, score),
           "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    if hasattr(model, "n_iter_"):
        out["iterations"] = int(np.max(model.n_iter_))
    print(json.dumps(out))


def run(command, **env):
    clean = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    # Threads that wait for each other spin by default, which on a machine with other work takes their own time from them.
    clean.setdefault("OMP_WAIT_POLICY", "passive")
    out = subprocess.run(command, env={**clean, **env}, capture_output=True, text=True)
    for line in out.stdout.splitlines():
        if line.startswith("{"):
            return json.loads(line)
    sys.exit(f"{command}: {out.stdout}{out.stderr}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("directory")
    p.add_argument("ours", nargs="?")
    p.add_argument("--one")
    p.add_argument("--models", default="logistic,elasticnet,linearsvm,hingesvm,nystroem,bayes,tree,forest,boosting,network")
    p.add_argument("--runs", type=int, default=3)
    a = p.parse_args()
    if a.one:
        return one(a.directory, a.one)
    print("| model | sklearn fit s | cpu s | ours fit s | cpu s | ratio | sklearn AUC | ours AUC | sklearn predict s | ours predict s | sklearn MB | ours MB |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for name in a.models.split(","):
        both = [[], []]
        for _ in range(a.runs):
            both[0].append(run([sys.executable, __file__, a.directory, "--one", name]))
            both[1].append(run([a.ours, "-test.run", "TestSideBySide", "-test.v", "-test.timeout", "10h"],
                               SEGUE_LEARN_BENCH=os.path.abspath(a.directory), SEGUE_LEARN_MODEL=name))
        s, o = ({k: statistics.median(r[k] for r in runs) for k in runs[0]} for runs in both)
        print(f"| {name} | {s['fit']:.2f} | {s['cpu']:.2f} | {o['fit']:.2f} | {o['cpu']:.2f} | {o['fit'] / s['fit']:.2f} | {s['auc']:.4f} | {o['auc']:.4f} "
              f"| {s['predict']:.3f} | {o['predict']:.3f} | {s['mb']:.0f} | {o['mb']:.0f} |"
              + "".join(f" {who}: {v['iterations']:.0f} iterations" for who, v in (("sklearn", s), ("ours", o)) if "iterations" in v)
              + f" load {os.getloadavg()[0]:.1f}", flush=True)


main()
