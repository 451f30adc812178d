package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"golang.org/x/term"

	"github.com/seguefeed/segue"
)

// reporter shows how far long work is: bars with rates on a terminal, plain lines elsewhere.
type reporter interface {
	tell(segue.Step)
	// close ends the display; failed marks the step under way as broken off.
	close(failed bool)
}

// newReporter chooses the display for w.
func newReporter(w io.Writer, quiet bool) reporter {
	if quiet {
		return silent{}
	}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		width, _, err := term.GetSize(int(f.Fd()))
		if err != nil {
			width = 80
		}
		return newBars(w, width)
	}
	return &lines{w: w, now: time.Now, every: 5 * time.Second}
}

type silent struct{}

func (silent) tell(segue.Step) {}
func (silent) close(bool)      {}

// lines prints a line when a step begins to last, every few seconds within it, and when it is done.
type lines struct {
	w     io.Writer
	now   func() time.Time
	every time.Duration

	step    segue.Step
	begun   time.Time
	printed time.Time
}

func (l *lines) tell(s segue.Step) {
	now := l.now()
	if s.Name != l.step.Name {
		l.finish(now)
		l.begun, l.printed = now, now
	}
	l.step = s
	if now.Sub(l.printed) < l.every {
		return
	}
	l.printed = now
	fmt.Fprintf(l.w, "%s: %s\n", s.Name, amounts(s, now.Sub(l.begun)))
}

func (l *lines) close(failed bool) {
	if failed {
		if l.step.Name != "" {
			fmt.Fprintf(l.w, "%s: stopped after %s\n", l.step.Name, seconds(l.now().Sub(l.begun)))
		}
		l.step = segue.Step{}
		return
	}
	l.finish(l.now())
}

func (l *lines) finish(now time.Time) {
	if l.step.Name == "" {
		return
	}
	took := now.Sub(l.begun)
	s := l.step
	s.Total = 0 // done: the share no longer says anything
	if s.Done > 0 && s.Unit != segue.Steps {
		fmt.Fprintf(l.w, "%s: done in %s, %s\n", s.Name, seconds(took), amounts(s, took))
	} else {
		fmt.Fprintf(l.w, "%s: done in %s\n", s.Name, seconds(took))
	}
	l.step = segue.Step{}
}

// amounts says how much of a step is done, its share and its rate.
func amounts(s segue.Step, took time.Duration) string {
	text := quantity(s.Done, s.Unit)
	if s.Total > 0 {
		text = fmt.Sprintf("%3.0f%%, %s of %s", 100*float64(s.Done)/float64(s.Total), text, quantity(s.Total, s.Unit))
	}
	counted, unit := s.Done, s.Unit
	if s.Rows > 0 {
		text += ", " + thousands(s.Rows) + " rows"
		counted, unit = s.Rows, "rows"
	}
	if took > 100*time.Millisecond && counted > 1000 {
		text += fmt.Sprintf(", %s/s", quantity(int64(float64(counted)/took.Seconds()), unit))
	}
	return text
}

func quantity(n int64, unit segue.Unit) string {
	if unit == segue.Bytes {
		return bytesText(n)
	}
	return thousands(n) + " " + string(unit)
}

// bars draws one bar a step.
type bars struct {
	writer  progress.Writer
	drawn   chan struct{}
	tracker *progress.Tracker
	step    segue.Step
	begun   time.Time
}

func newBars(w io.Writer, width int) *bars {
	pw := progress.NewWriter()
	pw.SetOutputWriter(w)
	pw.SetAutoStop(false)
	pw.SetTerminalWidth(width)
	pw.SetMessageLength(min(44, max(20, width/2)))
	pw.SetTrackerLength(min(30, max(10, width/5)))
	pw.SetTrackerPosition(progress.PositionRight)
	pw.SetUpdateFrequency(100 * time.Millisecond)
	pw.SetStyle(progress.StyleBlocks)
	pw.Style().Visibility.ETA = width >= 100
	pw.Style().Visibility.Speed = width >= 90
	pw.Style().Visibility.TrackerOverall = false
	pw.Style().Options.TimeInProgressPrecision = time.Second
	pw.Style().Options.TimeDonePrecision = 100 * time.Millisecond
	b := &bars{writer: pw, drawn: make(chan struct{})}
	go func() {
		pw.Render()
		close(b.drawn)
	}()
	return b
}

func (b *bars) tell(s segue.Step) {
	if s.Name != b.step.Name {
		b.finish()
		units := progress.UnitsDefault
		if s.Unit == segue.Bytes {
			units = progress.UnitsBytes
		}
		b.tracker = &progress.Tracker{Message: s.Name, Total: s.Total, Units: units, AutoStopDisabled: true}
		b.writer.AppendTracker(b.tracker)
		b.begun = time.Now()
	}
	b.step = s
	if s.Total > 0 {
		b.tracker.UpdateTotal(s.Total)
	}
	b.tracker.SetValue(s.Done)
	if s.Rows > 0 {
		b.tracker.UpdateMessage(fmt.Sprintf("%s, %s rows", s.Name, thousands(s.Rows)))
	}
}

func (b *bars) finish() {
	if b.tracker != nil {
		b.tracker.MarkAsDone()
		b.tracker = nil
	}
}

func (b *bars) close(failed bool) {
	if failed && b.tracker != nil {
		b.tracker.MarkAsErrored()
		b.tracker = nil
	}
	b.finish()
	// The last state is drawn before the renderer is stopped.
	time.Sleep(150 * time.Millisecond)
	b.writer.Stop()
	<-b.drawn
}
