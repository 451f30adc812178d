package analysis

import (
	"math"
	"testing"
)

func TestNothingEmptyIsDrawn(t *testing.T) {
	nan := math.NaN()
	kept := drawable([]Chart{
		{ID: "whole", Kind: BarChart, Series: []Series{{Name: "a", Y: []float64{nan, 1}}, {Name: "nothing", Y: []float64{nan, nan}}}},
		{ID: "empty", Kind: HeatMap, Series: []Series{{Grid: [][]float64{{nan}, {nan, nan}}}}},
		{ID: "only a trend", Kind: ScatterChart, Series: []Series{{Name: "points"}, {Name: "trend", Line: true, Y: []float64{1, 2}}}},
		{ID: "boxes", Kind: BoxPlot, Series: []Series{{Boxes: []Box{{N: 1}}}}},
	})
	if len(kept) != 2 || kept[0].ID != "whole" || kept[1].ID != "boxes" || len(kept[0].Series) != 1 || kept[0].Series[0].Name != "a" {
		t.Errorf("kept %+v", kept)
	}
}
