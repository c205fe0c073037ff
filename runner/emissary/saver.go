package emissary

import (
	"context"
	"errors"
	"time"

	"signalbox.dev/runner/checkpoint"
)

// saver keeps S3 in step with the checkpoints' folder while a program runs.
type saver struct {
	e    *Emissary
	ctx  context.Context
	stop chan struct{}
	done chan struct{}
	// cut ends what is under way.
	cut context.CancelFunc
}

func (e *Emissary) startSaver(ctx context.Context) *saver {
	ctx, cut := context.WithCancel(ctx)
	made := &saver{e: e, ctx: ctx, cut: cut, stop: make(chan struct{}), done: make(chan struct{})}
	go made.keep()
	return made
}

// isIdle: nothing is saved by this pod.
func (s *saver) isIdle() bool { return !s.e.Settings.Sync || s.e.Settings.Rank > 0 }

func (s *saver) keep() {
	defer close(s.done)
	ticks := time.NewTicker(s.e.Settings.Every)
	defer ticks.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-ticks.C:
			if s.isIdle() {
				continue
			}
			// Who cuts it off saves once more, and says what came of that.
			if err := s.e.keeper.Save(s.ctx, checkpoint.Running); s.ctx.Err() == nil {
				s.say(err)
			}
		}
	}
}

// last saves what is there now that nobody writes any more, unless all of it is made: within the grace, where it was told to end.
func (s *saver) last(ended checkpoint.Ended, told time.Time) {
	close(s.stop)
	s.e.keeper.Hurry.Store(true)
	defer s.cut()
	if s.isIdle() || (ended == checkpoint.Whole && told.IsZero()) {
		s.cut()
		<-s.done
		return
	}
	ctx := s.ctx
	if !told.IsZero() {
		// A second is for the way out.
		within, stop := context.WithDeadline(ctx, told.Add(s.e.Settings.Grace-min(time.Second, s.e.Settings.Grace/10)))
		defer stop()
		defer context.AfterFunc(within, s.cut)()
		ctx = within
	}
	<-s.done
	before, _ := s.e.keeper.Saved()
	err := s.e.keeper.SaveLast(ctx, ended)
	number, files := s.e.keeper.Saved()
	if err == nil && number != before {
		s.e.Voice.Say("saved the checkpoints: %d files (picture %d)", files, number)
	}
	s.say(err)
}

// say tells of what could not be saved: the program goes on, and what was saved before stands.
func (s *saver) say(err error) {
	switch {
	case err == nil:
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		s.e.Voice.Say("the grace is over before all checkpoints are saved: those of the picture before stand")
	default:
		s.e.Voice.Say("checkpoints are not saved: %v", err)
	}
}
