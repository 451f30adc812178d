package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

func (a *app) ingestCommand() *cobra.Command {
	var (
		opt    segue.IngestOptions
		share  string
		month  string
		zone   string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "ingest PATH...",
		Short: "Load a log into the database",
		Long: `Load a log: a directory or a zip that holds the six files, or single files; plain, .gz or .zst.

All files of one call go in together: if one fails, is interrupted or has too many unreadable rows, the database stays
as it was; only a commit that has begun is finished. Rows that cannot be read are counted and written to a rejects file, with their reasons beside it; mend them
there and ingest that file.`,
		Example: `  segue ingest csv_data
  segue ingest NetEase.zip --db netease.duckdb --memory 3GB
  segue ingest december/ --month 2019-12            # a second month, beside the first
  segue ingest my-log/ --map my-log/feed.toml       # another product's log: docs/DATA.md`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if opt.MaxRejectShare, err = parseShare(share); err != nil {
				return err
			}
			if opt.MaxRejectShare == 0 {
				opt.MaxRejectShare = -1
			}
			if opt.Month, err = parseMonth(month); err != nil {
				return err
			}
			if err := checkShift(opt.ShiftDays); err != nil {
				return err
			}
			if zone != "" {
				if opt.Zone, err = segue.ParseZone(zone); err != nil {
					return usagef("--zone: %v", err)
				}
			}
			var report warehouse.LoadReport
			err = a.withDatabase(cmd.Context(), false, func(s *segue.Segue, progress segue.Progress) error {
				opt.Progress = progress
				report, err = s.Ingest(cmd.Context(), args, opt)
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(report)
			}
			a.printLoad(report)
			return nil
		},
	}
	a.databaseFlags(cmd)
	cmd.Flags().StringVar(&opt.Map, "map", "", "mapping file that says which columns of another product's log mean what")
	cmd.Flags().BoolVar(&opt.Replace, "replace", false, "load files that were loaded before anew, in place of their earlier rows")
	cmd.Flags().StringVar(&share, "max-rejects", "0.1%", "share of a file's rows that may be unreadable, such as 0.1% or 0.001; 10 are always allowed unless it is 0")
	cmd.Flags().StringVar(&opt.RejectsDir, "rejects", "", "directory for unreadable rows (default: the database's name with .rejects)")
	cmd.Flags().StringVar(&month, "month", "", "month that day numbers count in, such as 2019-11 (default: the month of the impressions)")
	cmd.Flags().IntVar(&opt.ShiftDays, "shift-days", 0, "days by which the log's are moved, such as weeks that bring one of long ago to now; 0: as what was loaded before")
	cmd.Flags().StringVar(&zone, "zone", "", "the log's time zone, such as +08:00 or Europe/Berlin (default: the mapping's, else +08:00)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (a *app) printLoad(report warehouse.LoadReport) {
	var rows [][]string
	for _, t := range report.Tables {
		rows = append(rows, []string{t.Table.String(), t.Name, thousands(t.Rows), thousands(t.Swipes), thousands(t.Rejected),
			seconds(time.Duration(t.Seconds * float64(time.Second)))})
	}
	a.printTable([]string{"table", "file", "rows", "swipes", "rejected", "time"}, rows, 2)
	for _, t := range report.Tables {
		if t.Rejected > 0 {
			fmt.Fprintf(a.stdout, "\n%s of %s could not be read: see %s.reasons, mend them in %s, and ingest that file.\n",
				rowsText(t.Rejected), t.Name, t.Rejects, t.Rejects)
		}
	}
	if absent := absentTables(report); len(absent) > 0 {
		fmt.Fprintf(a.stdout, "\nNo file of %s was there; the report names the questions that need them.\n", strings.Join(absent, ", "))
	}
	fmt.Fprintf(a.stdout, "\nLoaded into %s in %s. Next: segue report --db %s\n", a.db, seconds(time.Duration(report.Seconds*float64(time.Second))), a.db)
}

// absentTables are the tables of which a load of impressions had no file: one may have a name that is not known.
func absentTables(report warehouse.LoadReport) []string {
	there := map[feedlog.Table]bool{}
	for _, t := range report.Tables {
		there[t.Table] = true
	}
	if !there[feedlog.Impressions] {
		return nil
	}
	var absent []string
	for _, t := range feedlog.Tables {
		if !there[t] {
			absent = append(absent, t.String())
		}
	}
	return absent
}

// parseShare reads a share from 0 to 1, or a percentage of it such as 0.1%.
func parseShare(s string) (float64, error) {
	text, percent := strings.CutSuffix(strings.TrimSpace(s), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v >= 0 && v <= 1) {
		return 0, usagef("--max-rejects %q is not a share from 0 to 1; write it like 0.1%% or 0.001", s)
	}
	return v, nil
}

// checkShift says what is wrong with --shift-days.
func checkShift(days int) error {
	if days < -warehouse.MaxShift || days > warehouse.MaxShift {
		return usagef("--shift-days %d: %d either way, a hundred years, are the most", days, warehouse.MaxShift)
	}
	return nil
}

// parseMonth reads 2019-11; "" is the zero time.
func parseMonth(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse("2006-01", s)
	if err != nil {
		return time.Time{}, usagef("--month %q is not a month; write it like 2019-11", s)
	}
	return t, nil
}
