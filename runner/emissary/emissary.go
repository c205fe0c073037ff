// Package emissary goes before a program and comes after it: what it needs is there when it begins, what it saves outlives its pod, and
// what it made is told last. The program knows nothing of that.
package emissary

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/checkpoint"
	"signalbox.dev/runner/settings"
	"signalbox.dev/runner/speak"
	"signalbox.dev/runner/store"
	"signalbox.dev/runner/supervise"
)

// Emissary runs one command in one pod.
type Emissary struct {
	Settings settings.Run
	Command  []string
	// Environment of the program, before what it is told here.
	Environment []string
	Store       *store.Store
	Voice       *speak.Voice
	// Stop tells once when SIGTERM came.
	Stop <-chan struct{}

	keeper *checkpoint.Keeper
	tail   *supervise.Tail
	// told is when SIGTERM came; zero: it has not.
	told time.Time
}

// Folders of the program.
func (e *Emissary) in() string          { return filepath.Join(e.Settings.Folder, "in") }
func (e *Emissary) out() string         { return filepath.Join(e.Settings.Folder, "out") }
func (e *Emissary) checkpoints() string { return filepath.Join(e.Settings.Folder, "checkpoints") }

// saveNow is there once the program is to save: one that watches it needs no signal.
func (e *Emissary) saveNow() string { return filepath.Join(e.Settings.Folder, "save-now") }

// state is what this program notes down for another process in the same pod.
func (e *Emissary) state(name string) string {
	return filepath.Join(e.Settings.Folder, "state", name)
}

// Run does it all. It answers the code that the container ends with; an error says why it is not 0.
func (e *Emissary) Run(ctx context.Context) (int, error) {
	for _, folder := range []string{e.in(), e.out(), e.checkpoints(), e.state("")} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return 0, cause.Of(err)
		}
	}
	e.keeper = e.newKeeper()
	if !e.hasEnded() {
		if err := e.untilStopped(ctx, e.prepare); err != nil {
			return 0, err
		}
		exit, err := e.work(ctx)
		if err != nil {
			return 0, err
		}
		if code, why := e.whyNotDone(exit); code != 0 {
			return code, why
		}
		if err := os.WriteFile(e.state("ended"), []byte("0"), 0o644); err != nil {
			return 0, cause.Of(err)
		}
	}
	if e.Settings.Rank > 0 {
		e.Voice.Say("rank %d is done; rank 0 uploads", e.Settings.Rank)
		return 0, nil
	}
	return 0, e.finish(ctx)
}

// hasEnded says whether an earlier process of this pod has seen the program end well.
func (e *Emissary) hasEnded() bool {
	text, err := os.ReadFile(e.state("ended"))
	return err == nil && string(text) == "0"
}

// untilStopped does what can be done again by another pod: SIGTERM ends it at once.
func (e *Emissary) untilStopped(ctx context.Context, work func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	done := make(chan error, 1)
	go func() { done <- work(ctx) }()
	select {
	case err := <-done:
		return err
	case <-e.Stop:
		stop(cause.ErrStopped)
		<-done
		return cause.ErrStopped
	}
}

func (e *Emissary) newKeeper() *checkpoint.Keeper {
	s := e.Settings
	return &checkpoint.Keeper{
		Store: e.Store, Folder: e.checkpoints(), Home: s.Pod.Home().Below("checkpoints", s.Stage), Family: checkpoint.FamilyOf(s.Pod.Results, s.Pod.Job),
		Stage: s.Stage, Step: s.Step, Pod: s.Pod.Name, Gang: s.Gang, Rules: checkpoint.Rules{Settle: s.Settle, Marker: s.Marker}, Say: e.Voice.Say, Now: time.Now,
	}
}

// environment is what the program is told beside what it was told already.
func (e *Emissary) environment(resumed int) []string {
	told := []string{"SIGNALBOX_SAVE_NOW=" + e.saveNow(), "SIGNALBOX_IN=" + e.in(), "SIGNALBOX_OUT=" + e.out(), "SIGNALBOX_CHECKPOINTS=" + e.checkpoints(), "SIGNALBOX_RESUMED=" + strconv.Itoa(resumed)}
	if os.Getenv("TORCHELASTIC_ERROR_FILE") == "" {
		told = append(told, "TORCHELASTIC_ERROR_FILE="+e.state("error.json"))
	}
	// Of a name that is there twice programs read the first.
	return append(told, slices.DeleteFunc(slices.Clone(e.Environment), func(one string) bool {
		name, _, _ := strings.Cut(one, "=")
		return slices.ContainsFunc(told, func(ours string) bool { return strings.HasPrefix(ours, name+"=") })
	})...)
}

// whyNotDone says what a program's end comes to, where that is not that it is done. One that was told to stop and ends with 0 has saved
// what it has, and is not done: nobody can tell it from one that is, and another pod goes on from there.
func (e *Emissary) whyNotDone(exit supervise.Exit) (int, error) {
	code := exit.Shell()
	if !e.told.IsZero() && code != cause.BadInput {
		return cause.Stopped, fmt.Errorf("%w; the program ended with exit %d", cause.ErrStopped, code)
	}
	if code == 0 {
		return 0, nil
	}
	text, _ := os.ReadFile(e.state("error.json"))
	return explain(code, e.tail.Last(), supervise.ErrorFile(text))
}

// explain says why a program did not end with 0. A launcher's own 1 is the code of the rank that failed first.
func explain(code int, said, file string) (int, error) {
	text := "the program ended with exit " + strconv.Itoa(code)
	if rank, found := supervise.FirstRank(said); found && code == 1 {
		code = rank.Code
		text = "rank " + rank.Rank + " failed first, with exit " + strconv.Itoa(code)
	}
	if file != "" {
		text += ": " + clipped(file, 1500)
	}
	return code, errors.New(text)
}

func clipped(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
