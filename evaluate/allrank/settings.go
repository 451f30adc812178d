// Hyper-parameters by name: the exported fields of a method's config, found by reflection, so that a method needs no code here to be
// set from a command line or searched.

package allrank

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/seguefeed/segue/candidate"
)

// Setting sets a parameter of a method.
type Setting struct {
	Model string `json:"model"` // its kind, as in "ease"
	Param string `json:"param"` // a field of its config, in any case
	Value string `json:"value"`
}

// ParseSetting reads MODEL.PARAM=VALUE.
func ParseSetting(text string) (Setting, error) {
	name, value, ok := strings.Cut(text, "=")
	model, param, dotted := strings.Cut(name, ".")
	if !ok || !dotted || model == "" || param == "" {
		return Setting{}, fmt.Errorf("%q is not MODEL.PARAM=VALUE, as in ease.l2=300", text)
	}
	return Setting{strings.TrimSpace(model), strings.TrimSpace(param), strings.TrimSpace(value)}, nil
}

// apply sets the learner's parameter of that name. Errors say what there is, or what value was expected.
func apply(l candidate.Learner, param, value string) error {
	f, ok := field(l, param)
	if !ok {
		names := Parameters(l)
		if len(names) == 0 {
			return fmt.Errorf("%s has no parameters", l.Kind())
		}
		return fmt.Errorf("%s has no parameter %q; there are %s", l.Kind(), param, strings.Join(names, ", "))
	}
	expected := ""
	switch f.Kind() {
	case reflect.Bool:
		if v, err := strconv.ParseBool(value); err == nil {
			f.SetBool(v)
			return nil
		}
		expected = "true or false"
	case reflect.String:
		f.SetString(value)
		return nil
	case reflect.Float32, reflect.Float64:
		if v, err := strconv.ParseFloat(value, f.Type().Bits()); err == nil && v-v == 0 { // finite
			f.SetFloat(v)
			return nil
		}
		expected = "a number"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if v, err := strconv.ParseInt(value, 10, f.Type().Bits()); err == nil {
			f.SetInt(v)
			return nil
		}
		expected = "a whole number"
	default:
		if v, err := strconv.ParseUint(value, 10, f.Type().Bits()); err == nil {
			f.SetUint(v)
			return nil
		}
		expected = "a whole number of at least 0"
	}
	return fmt.Errorf("%s.%s: %q is not %s", l.Kind(), param, value, expected)
}

// Parameters are the names of a method's parameters, as its config declares them: exported fields that are numbers, texts, or true or false.
func Parameters(l candidate.Learner) []string {
	v, ok := config(l)
	if !ok {
		return nil
	}
	var names []string
	for _, f := range reflect.VisibleFields(v.Type()) {
		if f.IsExported() && !f.Anonymous && settable(f.Type.Kind()) && direct(v.Type(), f.Index) {
			names = append(names, f.Name)
		}
	}
	return names
}

// field is the learner's field of that name, in any case and with or without dashes between words.
func field(l candidate.Learner, param string) (reflect.Value, bool) {
	plain := func(s string) string { return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(s)) }
	names := Parameters(l)
	at := slices.IndexFunc(names, func(n string) bool { return plain(n) == plain(param) })
	if at < 0 {
		return reflect.Value{}, false
	}
	v, _ := config(l)
	return v.FieldByName(names[at]), true
}

// config is the struct behind a learner, where it is a pointer to one.
func config(l candidate.Learner) (reflect.Value, bool) {
	v := reflect.ValueOf(l)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return reflect.Value{}, false
	}
	return v.Elem(), true
}

func settable(k reflect.Kind) bool {
	switch k {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	}
	return false
}

// direct says whether a field is reached without an embedded pointer, which may be nil.
func direct(t reflect.Type, index []int) bool {
	for _, i := range index[:len(index)-1] {
		if t = t.Field(i).Type; t.Kind() != reflect.Struct {
			return false
		}
	}
	return true
}

// clone copies a learner, so that setting one leaves the other. A learner without parameters is itself.
func clone(l candidate.Learner) candidate.Learner {
	v, ok := config(l)
	if !ok {
		return l
	}
	c := reflect.New(v.Type())
	c.Elem().Set(v)
	return c.Interface().(candidate.Learner)
}

// telling is a copy of l that tells how far its fit is, where its config has a field for that.
func telling(l candidate.Learner, tell func(done, of int)) candidate.Learner {
	l = clone(l)
	if v, ok := config(l); ok {
		if f := v.FieldByName("Progress"); f.IsValid() && f.CanSet() && f.Type() == reflect.TypeFor[func(done, total int)]() {
			f.Set(reflect.ValueOf(tell))
		}
	}
	return l
}

// adapt gives a learner the run's seed and number of threads, where it has such parameters.
func adapt(l candidate.Learner, seed uint64, threads int) error {
	for _, s := range []Setting{{Param: "Seed", Value: strconv.FormatUint(seed, 10)}, {Param: "Threads", Value: strconv.Itoa(threads)}} {
		if _, ok := field(l, s.Param); ok {
			if err := apply(l, s.Param, s.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// chosen are the learners of the named kinds, copies in the order of all; no names mean all. Settings must be of one of all, and those of kinds that
// were not chosen are checked too.
func chosen(all []candidate.Learner, names []string, settings []Setting, seed uint64, threads int) ([]candidate.Learner, error) {
	kinds := kindsOf(all)
	known := func(name string) (int, error) {
		at := slices.IndexFunc(kinds, func(k string) bool { return strings.EqualFold(k, name) })
		if at < 0 {
			return 0, fmt.Errorf("there is no model %q; there are %s", name, strings.Join(kinds, ", "))
		}
		return at, nil
	}
	wanted := make([]bool, len(all))
	for _, n := range names {
		at, err := known(n)
		if err != nil {
			return nil, err
		}
		wanted[at] = true
	}
	copies := make([]candidate.Learner, len(all))
	for k, l := range all {
		copies[k] = clone(l)
		if err := adapt(copies[k], seed, threads); err != nil {
			return nil, err
		}
	}
	for _, s := range settings {
		at, err := known(s.Model)
		if err != nil {
			return nil, err
		}
		if err := apply(copies[at], s.Param, s.Value); err != nil {
			return nil, err
		}
	}
	var out []candidate.Learner
	for k, l := range copies {
		if len(names) == 0 || wanted[k] {
			out = append(out, l)
		}
	}
	return out, nil
}
