package main

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/emissary"
	"signalbox.dev/runner/fetch"
	"signalbox.dev/runner/place"
	"signalbox.dev/runner/probe"
	"signalbox.dev/runner/result"
	"signalbox.dev/runner/settings"
	"signalbox.dev/runner/speak"
	"signalbox.dev/runner/store"
)

func run(ctx context.Context, arguments []string, voice *speak.Voice) (int, error) {
	stop := whenTold()
	if len(arguments) < 2 || arguments[0] != "--" {
		return 0, cause.New(cause.BadInput, "write `signalbox-run run -- COMMAND …`: nothing was said to run")
	}
	set, err := settings.RunOf(os.Getenv)
	if err != nil {
		return 0, err
	}
	open, err := store.Open(ctx, store.Options{Parts: set.Parts, Patience: set.Patience, Say: voice.Say})
	if err != nil {
		return 0, err
	}
	one := &emissary.Emissary{Settings: set, Command: arguments[1:], Environment: os.Environ(), Store: open, Voice: voice, Stop: stop}
	return one.Run(ctx)
}

// openUsual is for modes that have no settings of their own.
func openUsual(ctx context.Context, voice *speak.Voice) (*store.Store, error) {
	return store.Open(ctx, store.Options{Parts: 16, Patience: 5 * time.Minute, Say: voice.Say})
}

func fetchTo(ctx context.Context, arguments []string, voice *speak.Voice) (int, error) {
	ctx = untilTold(ctx)
	if len(arguments) < 2 {
		return 0, cause.New(cause.BadInput, "write `signalbox-run fetch FOLDER s3://bucket/prefix/ …`")
	}
	places := make([]place.Place, 0, len(arguments)-1)
	names := map[string]bool{}
	for _, text := range arguments[1:] {
		at, err := place.Parse(text)
		if err != nil {
			return 0, err
		}
		name := path.Base(strings.TrimSuffix(at.Key, "/"))
		if len(arguments) > 2 && (names[name] || name == "." || name == "/" || name == "..") {
			return 0, cause.New(cause.BadInput, "two of them would lie in a folder %q: fetch them one by one", place.Shown(name))
		}
		names[name] = true
		places = append(places, at)
	}
	open, err := openUsual(ctx, voice)
	if err != nil {
		return 0, err
	}
	for _, at := range places {
		to := arguments[0]
		if len(places) > 1 {
			to = filepath.Join(to, path.Base(strings.TrimSuffix(at.Key, "/")))
		}
		stats, err := fetch.Into(ctx, open, to, fetch.Listed(ctx, open, at))
		if err != nil {
			return 0, cause.Unless(ctx, err)
		}
		voice.Say("%s: %d objects, %d bytes in %s (%d were there already)", at, stats.Objects, stats.Bytes, to, stats.There)
	}
	return 0, nil
}

func ask(ctx context.Context, _ []string, voice *speak.Voice) (int, error) {
	ctx = untilTold(ctx)
	pod, err := settings.PodOf(os.Getenv)
	if err != nil {
		return 0, err
	}
	target, err := probe.TargetOf(os.Getenv("TARGET_URL"), os.Getenv("SERVED_MODEL"))
	if err != nil {
		return 0, err
	}
	if err := probe.Wanted(os.Getenv("METRICS")); err != nil {
		return 0, err
	}
	open, err := openUsual(ctx, voice)
	if err != nil {
		return 0, err
	}
	text, err := questionsAt(ctx, open, os.Getenv("SIGNALBOX_QUESTIONS"))
	if err != nil {
		return 0, err
	}
	questions, err := probe.QuestionsOf(text)
	if err != nil {
		return 0, err
	}
	figures, err := probe.Ask(ctx, target, questions, voice.Say)
	if err != nil {
		return 0, err
	}
	file, _ := result.Text(result.Result{Object: pod.Job, Metrics: figures, Artifacts: map[string]string{}})
	if err := open.Put(ctx, pod.Home().Below("result.json"), file, true); err != nil {
		return 0, err
	}
	voice.Say("measured %d figures of %s", len(figures), target.URL)
	return 0, nil
}

// mostQuestions that are read, in bytes.
const mostQuestions = 4 << 20

// questionsAt reads questions as they stand, in a file, or in S3.
func questionsAt(ctx context.Context, from *store.Store, said string) ([]byte, error) {
	switch {
	case said == "", strings.HasPrefix(strings.TrimSpace(said), "{"):
		return []byte(said), nil
	case strings.HasPrefix(said, "s3://"):
		at, err := place.Parse(said)
		if err != nil {
			return nil, err
		}
		return from.Small(ctx, at, mostQuestions)
	default:
		text, err := os.ReadFile(said)
		if err != nil {
			return nil, cause.New(cause.BadInput, "SIGNALBOX_QUESTIONS is no JSON, no s3://… and no file that can be read: %v", err)
		}
		return text, nil
	}
}
