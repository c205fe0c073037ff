package emissary

import (
	"context"
	"os"
	"syscall"
	"time"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/checkpoint"
	"signalbox.dev/runner/supervise"
)

// work runs the program to its end, saves what it saves, and ends whoever it leaves behind.
func (e *Emissary) work(ctx context.Context) (supervise.Exit, error) {
	e.tail = supervise.NewTail(os.Stderr)
	_ = os.Remove(e.state("error.json"))
	_ = os.Remove(e.saveNow())
	_, files := e.keeper.Saved()
	program, err := supervise.Start(e.Command, e.environment(files), e.tail)
	if err != nil {
		return supervise.Exit{}, cause.OrNil(err)
	}
	saver := e.startSaver(ctx)
	exit := e.await(program)
	ended := endedAs(exit)
	program.Clear(e.leftFor(e.reserve(), 2*time.Second))
	saver.last(ended, e.told)
	return exit, nil
}

// await waits for the program's end, and sees to it that it comes in time once it was told to.
func (e *Emissary) await(program *supervise.Program) supervise.Exit {
	stop := e.Stop
	var late <-chan time.Time
	var saved <-chan string
	for {
		select {
		case exit := <-program.Ended():
			return exit
		case <-stop:
			stop = nil
			e.told = time.Now()
			e.Voice.Say("told to end: the program has %s, and what it saves %s more", (e.Settings.Grace - e.reserve()).Round(time.Second), e.reserve().Round(time.Second))
			late = time.After(e.Settings.Grace - e.reserve())
			saved = e.askedToSave()
		case why := <-saved:
			saved = nil
			if why != "" {
				e.Voice.Say("%s: it is told by SIGTERM", why)
			}
			program.Signal(syscall.SIGTERM)
		case <-late:
			late = nil
			e.Voice.Say("it did not end in its time and is killed: what it is writing now is lost")
			program.Kill()
		}
	}
}

// reserve of the grace is for what was saved last.
func (e *Emissary) reserve() time.Duration {
	return max(e.Settings.Grace/3, min(2*time.Second, e.Settings.Grace/2))
}

// leftFor is how long something may take, less what is needed afterwards, once it was told to end; else what is usual.
func (e *Emissary) leftFor(after, usual time.Duration) time.Duration {
	if e.told.IsZero() {
		return usual
	}
	return max(0, time.Until(e.told.Add(e.Settings.Grace-after)))
}

// endedAs says whether who has ended may have been in the midst of a checkpoint: not who ended by itself, also because it was told to.
func endedAs(exit supervise.Exit) checkpoint.Ended {
	if exit.Signal == 0 && (exit.Code == 0 || exit.Code == 128+int(syscall.SIGTERM) || exit.Code == 128+int(syscall.SIGINT)) {
		return checkpoint.Whole
	}
	return checkpoint.Torn
}
