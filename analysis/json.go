package analysis

import (
	"encoding/json"
	"math"
	"strconv"
)

// JSON has no NaN and no infinity: both are written as null. The types below that can hold one marshal through a twin
// whose floating-point fields do that.

type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if x := float64(n); !math.IsNaN(x) && !math.IsInf(x, 0) {
		return json.Marshal(x)
	}
	return []byte("null"), nil
}

type numbers []float64

func (ns numbers) MarshalJSON() ([]byte, error) {
	if ns == nil {
		return []byte("null"), nil
	}
	out := make([]byte, 0, 8*len(ns)+2)
	out = append(out, '[')
	for i, x := range ns {
		if i > 0 {
			out = append(out, ',')
		}
		if math.IsNaN(x) || math.IsInf(x, 0) {
			out = append(out, "null"...)
			continue
		}
		out = strconv.AppendFloat(out, x, 'f', -1, 64)
	}
	return append(out, ']'), nil
}

func grid(rows [][]float64) []numbers {
	if rows == nil {
		return nil
	}
	out := make([]numbers, len(rows))
	for i, r := range rows {
		out[i] = r
	}
	return out
}

// MarshalJSON writes what is not a number as null.
func (e Effect) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name  string `json:"name"`
		Value number `json:"value"`
		Low   number `json:"low"`
		High  number `json:"high"`
		Unit  Unit   `json:"unit"`
	}{e.Name, number(e.Value), number(e.Low), number(e.High), e.Unit})
}

// MarshalJSON writes what is not a number as null.
func (t Test) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name      string `json:"name"`
		Statistic number `json:"statistic"`
		P         number `json:"p"`
		Q         number `json:"q"`
	}{t.Name, number(t.Statistic), number(t.P), number(t.Q)})
}

// MarshalJSON writes what is not a number as null.
func (c Column) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name    string   `json:"name"`
		Label   string   `json:"label"`
		Unit    Unit     `json:"unit"`
		Ints    []int64  `json:"ints,omitempty"`
		Floats  numbers  `json:"floats,omitempty"`
		Strings []string `json:"strings,omitempty"`
	}{c.Name, c.Label, c.Unit, c.Ints, c.Floats, c.Strings})
}

// MarshalJSON writes what is not a number as null.
func (s Series) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name    string    `json:"name"`
		X       numbers   `json:"x,omitempty"`
		Y       numbers   `json:"y,omitempty"`
		Low     numbers   `json:"low,omitempty"`
		High    numbers   `json:"high,omitempty"`
		Labels  []string  `json:"labels,omitempty"`
		Sizes   numbers   `json:"sizes,omitempty"`
		Boxes   []Box     `json:"boxes,omitempty"`
		Grid    []numbers `json:"grid,omitempty"`
		Line    bool      `json:"line,omitempty"`
		Pale    bool      `json:"pale,omitempty"`
		Step    bool      `json:"step,omitempty"`
		Colours []numbers `json:"colours,omitempty"`
	}{s.Name, s.X, s.Y, s.Low, s.High, s.Labels, s.Sizes, s.Boxes, grid(s.Grid), s.Line, s.Pale, s.Step, grid(s.Colours)})
}

// MarshalJSON writes what is not a number as null.
func (b Box) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Low    number `json:"low"`
		Q1     number `json:"q1"`
		Median number `json:"median"`
		Q3     number `json:"q3"`
		High   number `json:"high"`
		Mean   number `json:"mean"`
		N      int64  `json:"n"`
	}{number(b.Low), number(b.Q1), number(b.Median), number(b.Q3), number(b.High), number(b.Mean), b.N})
}

// MarshalJSON writes what is not a number as null.
func (m Mark) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		OnX   bool   `json:"on_x"`
		Value number `json:"value"`
		Label string `json:"label"`
	}{m.OnX, number(m.Value), m.Label})
}
