// Results as JSON, which has no word for NaN and infinities.

package activity

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"unicode"
)

// JSON is r in a form that encoding/json can write.
func (r *Results) JSON() any { return Plain(r) }

// Plain copies v, field by field, into maps, slices and plain values whose numbers are finite: null stands for NaN and
// infinities. Names are those of the fields in snake case, unless a json tag gives another; fields tagged "-" and those that
// are not exported are left out.
func Plain(v any) any { return plain(reflect.ValueOf(v)) }

func plain(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	if v.CanInterface() {
		switch x := v.Interface().(type) {
		case json.Marshaler:
			if v.Kind() == reflect.Pointer && v.IsNil() {
				return nil
			}
			return x
		}
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil
		}
		return v.Interface()
	case reflect.Slice, reflect.Array:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = plain(v.Index(i))
		}
		return out
	case reflect.Struct:
		out := ordered{}
		addFields(&out, v)
		return out
	case reflect.Func, reflect.Chan:
		return nil
	}
	return v.Interface()
}

// addFields adds a struct's fields; those of an embedded struct count as its own.
func addFields(out *ordered, v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case !f.IsExported() || tag == "-":
			continue
		case f.Anonymous && f.Type.Kind() == reflect.Struct:
			addFields(out, v.Field(i))
			continue
		case tag == "":
			tag = snake(f.Name)
		}
		out.add(tag, plain(v.Field(i)))
	}
}

// ordered is a JSON object whose fields keep their order.
type ordered struct {
	names  []string
	values []any
}

func (o *ordered) add(name string, v any) {
	o.names, o.values = append(o.names, name), append(o.values, v)
}

// MarshalJSON implements json.Marshaler.
func (o ordered) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, name := range o.names {
		if i > 0 {
			b = append(b, ',')
		}
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(o.values[i])
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, key...), ':'), value...)
	}
	return append(b, '}'), nil
}

// snake turns FitSeconds into fit_seconds and AUC into auc.
func snake(s string) string {
	var b strings.Builder
	r := []rune(s)
	for i, c := range r {
		if unicode.IsUpper(c) {
			if i > 0 && (unicode.IsLower(r[i-1]) || unicode.IsDigit(r[i-1]) || i+1 < len(r) && unicode.IsLower(r[i+1])) {
				b.WriteByte('_')
			}
			c = unicode.ToLower(c)
		}
		b.WriteRune(c)
	}
	return b.String()
}
