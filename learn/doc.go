// Package learn fits binary classifiers to a matrix and says how good they are. It knows nothing of feeds.
//
// Data flow: a table of numbers and categories (Data) is split (split.go), made numeric where an algorithm needs that
// (Encoder), fitted by a Learner, which is a struct of hyper-parameters, into a Model, whose probabilities are judged by
// the metrics (metrics.go, curve.go, compare.go) and may be calibrated (calibrate.go). Search does all of that over folds
// and a grid. Save and Load keep a Model.
//
// One file holds one algorithm; its first lines say what it minimises and where it comes from. Every algorithm is
// deterministic: the same data, config and seed give the same model, whatever the number of threads. A cancelled context
// ends any fit within a second.
package learn
