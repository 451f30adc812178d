// Package report writes the engagement report: one page that opens without a network, every number as JSON, and every
// table as CSV and Parquet.
package report

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/evaluate"
	"github.com/seguefeed/segue/warehouse"
)

// Input is what a report says.
type Input struct {
	Title     string    // "" means one made from the days of the log
	Generated time.Time // printed on the page; not in report.json, which is the same for the same log, but for the time that fits and pages took
	Version   string    // of the program
	Source    string    // what was analysed, such as the database's path
	Contents  warehouse.Contents
	Checks    []warehouse.DataCheck
	Answers   []analysis.Answer
	// Prediction is who will be active, after the answers; nil means that it was not asked.
	Prediction *activity.Results
	// Recommendation is what to recommend, after who will be active; nil means that it was not asked.
	Recommendation *evaluate.Results
}

// marker names the file that marks a directory as a report, which the next one may replace.
const marker = ".segue-report"

// Write writes the report as the directory dir and returns the path of its page. The directory appears whole or not at all, in
// the place of an earlier report; a directory that holds anything else is refused.
func Write(ctx context.Context, dir string, in Input) (page string, err error) {
	dir = filepath.Clean(dir)
	if err := CheckDir(dir); err != nil {
		return "", err
	}
	if in.Title == "" {
		in.Title = titleOf(in.Contents)
	}
	in.Answers = slices.Concat(in.Answers, predictionAnswers(in.Prediction), recommendAnswers(in.Recommendation))
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", fmt.Errorf("write report: %w", err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-*")
	if err != nil {
		return "", fmt.Errorf("write report: %w", err)
	}
	defer os.RemoveAll(tmp)
	if err := os.Chmod(tmp, 0o755); err != nil {
		return "", fmt.Errorf("write report: %w", err)
	}
	for _, part := range []func() error{
		func() error {
			return os.WriteFile(filepath.Join(tmp, marker), []byte("made by segue report; the next one may replace it\n"), 0o644)
		},
		func() error { return writeJSON(filepath.Join(tmp, "report.json"), in) },
		func() error {
			return writeTables(ctx, filepath.Join(tmp, "tables"), append(slices.Clone(in.Answers), analysis.Answer{ID: "data-quality", Tables: []analysis.Table{checksTable(in.Checks)}}))
		},
		func() error { return writePage(filepath.Join(tmp, "index.html"), in) },
		ctx.Err,
	} {
		if err := part(); err != nil {
			return "", fmt.Errorf("write report: %w", err)
		}
	}
	if err := swap(tmp, dir); err != nil {
		return "", fmt.Errorf("write report: %w", err)
	}
	return filepath.Join(dir, "index.html"), nil
}

// CheckDir says whether Write may write to dir: it is free, empty, or holds an earlier report. Asked before an analysis, it
// spares the user the wait for a report that has no place.
func CheckDir(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, marker)); err != nil {
		return fmt.Errorf("write report: %s holds other files; choose another directory", dir)
	}
	return nil
}

// swap puts tmp in the place of dir.
func swap(tmp, dir string) error {
	old := tmp + ".old"
	err := os.Rename(dir, old)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	replaced := err == nil
	if err := os.Rename(tmp, dir); err != nil {
		if replaced {
			return errors.Join(err, os.Rename(old, dir))
		}
		return err
	}
	return os.RemoveAll(old)
}

// document is report.json.
type document struct {
	Title    string                `json:"title"`
	Contents contents              `json:"contents"`
	Loads    []loaded              `json:"loads"`
	Checks   []warehouse.DataCheck `json:"checks"`
	Answers  []analysis.Answer     `json:"answers"`
}

type loaded struct {
	File     string `json:"file"`
	Table    string `json:"table"`
	Rows     int64  `json:"rows"`
	Rejected int64  `json:"rejected"`
}

type contents struct {
	FirstDay    string   `json:"first_day"`
	LastDay     string   `json:"last_day"`
	Zone        string   `json:"zone"`
	ShiftDays   int      `json:"shift_days,omitempty"` // by which the log's days were moved
	Impressions int64    `json:"impressions"`
	Swipes      int64    `json:"swipes"`
	Users       int64    `json:"users"`
	Cards       int64    `json:"cards"`
	Creators    int64    `json:"creators"`
	CardDays    int64    `json:"card_days"`
	CreatorDays int64    `json:"creator_days"`
	Absent      []string `json:"absent_roles"`
}

// checksTable is the data checks as a table; a check that did not run has no numbers.
func checksTable(checks []warehouse.DataCheck) analysis.Table {
	column := func(of func(warehouse.DataCheck) int64) []float64 {
		v := make([]float64, len(checks))
		for i, c := range checks {
			v[i] = float64(of(c))
			if c.Off != "" {
				v[i] = math.NaN()
			}
		}
		return v
	}
	text := func(of func(warehouse.DataCheck) string) []string {
		v := make([]string, len(checks))
		for i, c := range checks {
			v[i] = of(c)
		}
		return v
	}
	return analysis.Table{Name: "data_checks", Title: "Data checks", Columns: []analysis.Column{
		{Name: "check", Label: "check", Unit: analysis.Text, Strings: text(func(c warehouse.DataCheck) string { return c.ID })},
		{Name: "title", Label: "what it looks for", Unit: analysis.Text, Strings: text(func(c warehouse.DataCheck) string { return c.Title })},
		{Name: "found", Label: "found", Unit: analysis.Count, Floats: column(func(c warehouse.DataCheck) int64 { return c.Count })},
		{Name: "of", Label: "of", Unit: analysis.Count, Floats: column(func(c warehouse.DataCheck) int64 { return c.Of })},
		{Name: "not_run", Label: "why it was not run", Unit: analysis.Text, Strings: text(func(c warehouse.DataCheck) string { return c.Off })},
	}}
}

func writeJSON(path string, in Input) error {
	c := in.Contents
	doc := document{Title: in.Title, Checks: in.Checks, Answers: in.Answers, Contents: contents{
		Zone: c.Zone, ShiftDays: c.ShiftDays, Impressions: c.Impressions, Swipes: c.Swipes, Users: c.Users, Cards: c.Cards, Creators: c.Creators,
		CardDays: c.CardDays, CreatorDays: c.CreatorDays, Absent: []string{},
	}}
	if c.Impressions > 0 {
		doc.Contents.FirstDay, doc.Contents.LastDay = c.FirstDay.Format(time.DateOnly), c.LastDay.Format(time.DateOnly)
	}
	for _, r := range c.Absent {
		doc.Contents.Absent = append(doc.Contents.Absent, string(r))
	}
	doc.Loads = []loaded{}
	for _, l := range c.Loads {
		doc.Loads = append(doc.Loads, loaded{l.Name, l.Table.String(), l.Rows, l.Rejected})
	}
	b, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}

func titleOf(c warehouse.Contents) string {
	if c.Impressions == 0 {
		return "Engagement report"
	}
	return "Engagement report, " + period(c)
}

// moved says by how much the log's days were moved.
func moved(c warehouse.Contents) string {
	if c.ShiftDays == 0 {
		return ""
	}
	way, n, unit := "on", c.ShiftDays, "days"
	if n < 0 {
		way, n = "back", -n
	}
	if n%7 == 0 {
		n, unit = n/7, "weeks"
	}
	if n == 1 {
		unit = strings.TrimSuffix(unit, "s")
	}
	return fmt.Sprintf(", moved %s by %s %s", way, grouped(int64(n)), unit)
}

// period writes the days of the log: "1 to 30 November 2019".
func period(c warehouse.Contents) string {
	from, to := c.FirstDay, c.LastDay
	switch {
	case from.Equal(to):
		return to.Format("2 January 2006")
	case from.Year() == to.Year() && from.Month() == to.Month():
		return from.Format("2") + " to " + to.Format("2 January 2006")
	}
	return from.Format("2 January 2006") + " to " + to.Format("2 January 2006")
}
