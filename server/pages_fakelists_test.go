// The rest of the feed in memory: versions, health, figures and insight.

package server

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

func (f *pagesFake) Models(context.Context) ([]ModelView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.versions), nil
}

func (f *pagesFake) current() string {
	for _, v := range f.versions {
		if v.Current {
			return v.ID
		}
	}
	return ""
}

func (f *pagesFake) Activate(_ context.Context, id string, force bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := slices.IndexFunc(f.versions, func(v ModelView) bool { return v.ID == id })
	if k < 0 {
		return ErrUnknownModel
	}
	if g := f.versions[k].Gate; !g.Passed && !g.Forced && !force {
		return fmt.Errorf("%w: %s", ErrGate, strings.Join(g.Lost, "; "))
	}
	f.before = f.current()
	for j := range f.versions {
		f.versions[j].Current, f.versions[j].Loaded = j == k, j == k
	}
	return nil
}

func (f *pagesFake) Rollback(ctx context.Context) (string, error) {
	if f.before == "" {
		return "", fmt.Errorf("%w: no version was in use before this one", ErrUnknownModel)
	}
	id := f.before
	return id, f.Activate(ctx, id, true)
}

func (f *pagesFake) Health() Health {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.health
	if !f.noModel {
		h.Model = f.current()
	}
	return h
}

func (f *pagesFake) Stats() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	wave := math.Sin(float64(now.UnixMilli()) / 4000)
	return Stats{Since: now.Truncate(24 * time.Hour), Users: len(f.users), Items: len(f.items), UsersToday: 8_412 + len(f.taken), ActiveToday: 1_633, Impressions: 96_211, Clicks: 5_240 + int64(len(f.taken)), Explored: .061 + .004*wave, ExploredOf: 1000, NewCards: .143 + .01*wave,
		StreamLag: int64(120 + 80*wave), LastSeq: 1_204_331 + uint64(len(f.taken)), PagesPerSecond: 41 + 6*wave, MedianMS: 1.9 + .2*wave, P99MS: 6.4 + wave, ModelAge: "26 hours"}
}

func (f *pagesFake) SomeUsers(ctx context.Context, n int) ([]UserView, error) {
	return plainInsight{f}.SomeUsers(ctx, n)
}

func (f *pagesFake) Segments(ctx context.Context) ([]SegmentView, error) {
	all, _, err := f.Users(ctx, "", "", math.MaxInt)
	out := make([]SegmentView, len(segmentsOf))
	for k, name := range segmentsOf {
		out[k].Name = name
	}
	for _, u := range all {
		out[segmentRank(u.Segment)].Users++
	}
	return out, err
}

func (f *pagesFake) ItemDays(_ context.Context, key string, _ int) ([]ItemDay, error) {
	return f.items[key].days, nil
}

func (f *pagesFake) MeanRate() float64 { return fakeRate }
