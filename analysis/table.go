package analysis

// Short forms for the columns of tables, so that a question reads as its numbers.

func ints(name, label string, unit Unit, v []int64) Column {
	return Column{Name: name, Label: label, Unit: unit, Ints: v}
}

func floats(name, label string, unit Unit, v []float64) Column {
	return Column{Name: name, Label: label, Unit: unit, Floats: v}
}

func texts(name, label string, v []string) Column {
	return Column{Name: name, Label: label, Unit: Text, Strings: v}
}

// each maps rows to a column's values.
func each[R, V any](rows []R, f func(R) V) []V {
	out := make([]V, len(rows))
	for i, r := range rows {
		out[i] = f(r)
	}
	return out
}

// asFloats widens a column of counts for a chart.
func asFloats(v []int64) []float64 {
	return each(v, func(n int64) float64 { return float64(n) })
}
