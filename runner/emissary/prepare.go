package emissary

import (
	"context"
	"os"
	"path/filepath"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/fetch"
	"signalbox.dev/runner/settings"
)

// prepare brings inputs and checkpoints.
func (e *Emissary) prepare(ctx context.Context) error {
	for _, input := range e.Settings.Inputs {
		stats, err := e.bring(ctx, input)
		if err != nil {
			return err
		}
		e.Voice.Say("%s: %d objects, %d bytes in %s (%d were there already)", input.Name, stats.Objects, stats.Bytes, filepath.Join(e.in(), input.Name), stats.There)
	}
	return e.restore(ctx)
}

func (e *Emissary) bring(ctx context.Context, input settings.Input) (fetch.Stats, error) {
	to := filepath.Join(e.in(), input.Name)
	var wants fetch.Wants
	var err error
	if input.Dataset != nil {
		wants, err = fetch.ManifestOf(ctx, e.Store, to, *input.Dataset)
	} else {
		wants, err = fetch.Pinned(ctx, e.Store, input.From, input.Pin)
	}
	if err != nil {
		return fetch.Stats{}, err
	}
	return fetch.Into(ctx, e.Store, to, wants)
}

// restore brings the checkpoints that the family has, unless a process of this pod has done so: what stands in the folder is newer then.
func (e *Emissary) restore(ctx context.Context) error {
	if !e.Settings.Sync {
		return nil
	}
	_, err := os.Stat(e.state("restored"))
	standing := err == nil
	files, from, err := e.keeper.Restore(ctx, standing)
	if err != nil {
		return err
	}
	switch {
	case standing:
		e.Voice.Say("goes on with the checkpoints that stand in %s", e.checkpoints())
	case files > 0:
		number, _ := e.keeper.Saved()
		e.Voice.Say("goes on from the checkpoints of %s: %d files (picture %d)", from, files, number)
	}
	return cause.OrNil(os.WriteFile(e.state("restored"), nil, 0o644))
}
