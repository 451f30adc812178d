package cli

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// printJSON writes v as indented JSON, for other programs.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// printTable writes rows under a header; the columns from rightFrom on are of numbers and stand to the right.
func (a *app) printTable(header []string, rows [][]string, rightFrom int) {
	a.printTableAligned(header, rows, func(i int) bool { return i >= rightFrom })
}

func (a *app) printTableAligned(header []string, rows [][]string, right func(column int) bool) {
	t := table.NewWriter()
	t.SetOutputMirror(a.stdout)
	t.SetStyle(table.StyleLight)
	t.Style().Options.DrawBorder = false
	t.Style().Options.SeparateColumns = false
	t.Style().Format.Header = text.FormatDefault
	var configs []table.ColumnConfig
	head := make(table.Row, len(header))
	for i, h := range header {
		head[i] = h
		if right(i) {
			configs = append(configs, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	t.SetColumnConfigs(configs)
	t.AppendHeader(head)
	for _, r := range rows {
		row := make(table.Row, len(r))
		for i, cell := range r {
			row[i] = cell
		}
		t.AppendRow(row)
	}
	t.Render()
}

// parseMemory reads an amount of memory such as 500MB or 4GB and returns megabytes.
func parseMemory(s string) (int, error) {
	lower := strings.ToLower(strings.TrimSpace(s))
	scale := 0.0
	for _, u := range []struct {
		suffix string
		mb     float64
	}{{"tb", 1e6}, {"gib", 1024 * 1.048576}, {"gb", 1000}, {"g", 1000}, {"mib", 1.048576}, {"mb", 1}, {"m", 1}} {
		if rest, ok := strings.CutSuffix(lower, u.suffix); ok {
			lower, scale = strings.TrimSpace(rest), u.mb
			break
		}
	}
	n, err := strconv.ParseFloat(lower, 64)
	if err != nil || scale == 0 || !(n > 0) || n*scale > 1e9 {
		return 0, usagef("--memory %q is not an amount of memory; write it like 500MB or 4GB", s)
	}
	mb := int(n * scale)
	if mb < 100 {
		return 0, usagef("--memory %s is too little; the engine needs at least 100MB", s)
	}
	return mb, nil
}
