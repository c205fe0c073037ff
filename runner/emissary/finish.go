package emissary

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/checkpoint"
	"signalbox.dev/runner/result"
	"signalbox.dev/runner/upload"
)

// finish uploads what the program made, and writes the result last. Told to end meanwhile it tries for half of the grace, and keeps the
// checkpoints in the rest.
func (e *Emissary) finish(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	done := make(chan error, 1)
	go func() { done <- e.deliver(ctx) }()
	var late <-chan time.Time
	stopped := e.Stop
	for {
		select {
		case err := <-done:
			if errors.Is(err, cause.ErrStopped) {
				e.startSaver(context.WithoutCancel(ctx)).last(checkpoint.Whole, e.told)
			}
			return err
		case <-stopped:
			stopped, e.told = nil, time.Now()
			late = time.After(e.Settings.Grace / 2)
		case <-late:
			stop(cause.ErrStopped)
		}
	}
}

func (e *Emissary) deliver(ctx context.Context) error {
	home := e.Settings.Pod.Home()
	at := home.Below("out")
	stats, err := upload.Tree(ctx, e.Store, e.out(), at, e.state("uploads"))
	if err != nil {
		return cause.Unless(ctx, err)
	}
	made, err := madeIn(e.out())
	if err != nil {
		return cause.OrNil(err)
	}
	figures, left := e.figures()
	artifacts, unnamed := result.Artifacts(at, made)
	text, over := result.Text(result.Result{Object: e.Settings.Pod.Job, Metrics: figures, Artifacts: artifacts})
	for _, line := range append(append(left, unnamed...), over...) {
		e.Voice.Say("%s", line)
	}
	if err := e.Store.Put(ctx, home.Below("result.json"), text, true); err != nil {
		return cause.Unless(ctx, err)
	}
	e.Voice.Say("done: %d files, %d bytes in %s; %d figures, %d artifacts", stats.Files, stats.Bytes, at, len(figures), len(artifacts))
	return nil
}

func madeIn(folder string) (made []result.Made, err error) {
	entries, err := os.ReadDir(folder)
	for _, entry := range entries {
		info, err := os.Stat(filepath.Join(folder, entry.Name()))
		if err == nil && (info.Mode().IsRegular() || entry.IsDir()) {
			made = append(made, result.Made{Name: entry.Name(), Folder: entry.IsDir()})
		}
	}
	return made, err
}

// figures are read of the first file that is there.
func (e *Emissary) figures() (map[string]float64, []string) {
	for _, name := range result.MetricsFiles {
		path := filepath.Join(e.out(), name)
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if info.Size() > result.MetricsLimit {
			return map[string]float64{}, []string{"the figures in " + name + " are too large to be read: write numbers alone"}
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return map[string]float64{}, []string{"the figures in " + name + " cannot be read: " + err.Error()}
		}
		return result.Metrics(text)
	}
	return map[string]float64{}, []string{"no figures: the program wrote no " + filepath.Join(e.out(), result.MetricsFiles[0])}
}
