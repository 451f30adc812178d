// This file makes the engine's values those that QueryRows promises.

package duckdb

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/seguefeed/segue/warehouse"
)

// plain makes a cell of the engine's type kind ("DATE") one of the types that QueryRows promises.
func plain(v any, kind string) any {
	if cell, ok := scalar(v, kind); ok {
		return cell
	}
	text, err := json.Marshal(nested(v))
	if err != nil {
		return fmt.Sprint(v)
	}
	return warehouse.Nested(text)
}

// scalar is plain for a single value.
func scalar(v any, kind string) (cell any, ok bool) {
	switch v := v.(type) {
	case nil, bool, string, int64, uint64, float64:
		return v, true
	case int8:
		return int64(v), true
	case int16:
		return int64(v), true
	case int32:
		return int64(v), true
	case uint8:
		return uint64(v), true
	case uint16:
		return uint64(v), true
	case uint32:
		return uint64(v), true
	case float32: // 0.1 is 0.1, not the float64 next to it
		f, err := strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64)
		if err != nil {
			return float64(v), true
		}
		return f, true
	case *big.Int: // sums of integers
		if v.IsInt64() {
			return v.Int64(), true
		}
		return v.String(), true
	case duckdb.Decimal:
		return v.Float64(), true
	case time.Time:
		switch {
		case kind == "DATE":
			return v.Format(time.DateOnly), true
		case strings.HasPrefix(kind, "TIME") && !strings.HasPrefix(kind, "TIMESTAMP"):
			return v.Format("15:04:05.999999"), true
		}
		return v.Format("2006-01-02 15:04:05.999999"), true
	case duckdb.Interval:
		return intervalText(v), true
	case duckdb.UUID:
		return v.String(), true
	case []byte:
		if len(v) == 16 && kind == "UUID" {
			return fmt.Sprintf("%x-%x-%x-%x-%x", v[:4], v[4:6], v[6:8], v[8:10], v[10:]), true
		}
		return fmt.Sprintf("%x", v), true
	}
	return nil, false
}

// nested makes the parts of a list, struct or map what JSON can write.
func nested(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = nested(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, e := range v {
			out[key] = nested(e)
		}
		return out
	case duckdb.OrderedMap:
		out := map[string]any{}
		values := v.Values()
		for i, key := range v.Keys() {
			out[fmt.Sprint(nested(key))] = nested(values[i])
		}
		return out
	case duckdb.Union:
		return nested(v.Value)
	}
	cell, ok := scalar(v, "")
	if f, number := cell.(float64); number && (math.IsInf(f, 0) || math.IsNaN(f)) {
		return nil // JSON knows neither
	}
	if !ok {
		return fmt.Sprint(v)
	}
	return cell
}

// intervalText writes an interval as the engine does: 1 month 2 days 03:04:05.
func intervalText(v duckdb.Interval) string {
	var parts []string
	for _, p := range []struct {
		n    int32
		unit string
	}{{v.Months / 12, "year"}, {v.Months % 12, "month"}, {v.Days, "day"}} {
		switch p.n {
		case 0:
		case 1, -1:
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.unit))
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", p.n, p.unit))
		}
	}
	if v.Micros != 0 || len(parts) == 0 {
		sign, left := "", v.Micros
		if left < 0 {
			sign, left = "-", -left
		}
		text := fmt.Sprintf("%s%02d:%02d:%02d", sign, left/3_600_000_000, left/60_000_000%60, left/1_000_000%60)
		if micros := left % 1_000_000; micros > 0 {
			text += strings.TrimRight(fmt.Sprintf(".%06d", micros), "0")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
}
