package settings

import (
	"strings"
	"testing"
	"time"

	"signalbox.dev/runner/cause"
)

func told(more ...string) Lookup {
	env := map[string]string{"RESULTS_URI": "s3://results/runs", "POD_NAME": "job-abcde", "JOB_NAME": "job"}
	for _, one := range more {
		name, value, _ := strings.Cut(one, "=")
		env[name] = value
	}
	return func(name string) string { return env[name] }
}

func TestWhatIsUsual(t *testing.T) {
	run, err := RunOf(told())
	if err != nil || run.Pod.Home().String() != "s3://results/runs/job-abcde" || run.Folder != "/signalbox" || !run.Sync || run.Rank != 0 || run.Grace != 30*time.Second || run.Stage != "main" || len(run.Inputs) != 0 {
		t.Error(run, err)
	}
}

func TestInputsAreWhatIsNamed(t *testing.T) {
	all := []string{"INPUT_URI=s3://data/chats/", "INPUT_MANIFEST=manifest.json", "INPUT_SHA256=00", "BASE_MODEL=s3://results/base", "MAKE_IT_URI=s3://results/runs/p/out/model", "MAKE_IT_PIN=version:1"}
	for said, want := range map[string]string{"": "dataset,model", "none": "", "make-it": "make-it", "dataset, make-it": "dataset,make-it"} {
		run, err := RunOf(told(append(all, "SIGNALBOX_INPUTS="+said)...))
		names := make([]string, 0)
		for _, input := range run.Inputs {
			names = append(names, input.Name)
			if (input.Dataset != nil) != (input.Name == "dataset") || (input.Pin == "version:1") != (input.Name == "make-it") {
				t.Error(input)
			}
		}
		if got := strings.Join(names, ","); err != nil || got != want {
			t.Errorf("%q gives %q, %v", said, got, err)
		}
	}
	if run, err := RunOf(told("BASE_MODEL=meta/llama")); err != nil || len(run.Inputs) != 0 {
		t.Error("a model of a hub is not ours to fetch", run, err)
	}
}

func TestTheModelIsWhatTheStageSaysElseTheVersionThatItRunsOn(t *testing.T) {
	on := []string{"INPUT_MODEL_URI=s3://results/models/m/7/", "INPUT_MODEL_PIN=sha256:00"}
	for _, one := range []struct{ more, from, pin string }{
		{"", "s3://results/models/m/7/", "sha256:00"},
		{"SIGNALBOX_INPUTS=model", "s3://results/models/m/7/", "sha256:00"},
		{"BASE_MODEL=s3://results/base/", "s3://results/base/", ""},
	} {
		run, err := RunOf(told(append(on, one.more)...))
		if err != nil || len(run.Inputs) != 1 || run.Inputs[0].Name != "model" || run.Inputs[0].From.String() != one.from || run.Inputs[0].Pin != one.pin {
			t.Errorf("%q gives %+v, %v", one.more, run.Inputs, err)
		}
	}
	if run, err := RunOf(told(append(on, "BASE_MODEL=meta/llama")...)); err != nil || len(run.Inputs) != 0 {
		t.Error("a stage that begins from a model of a hub begins from no other", run, err)
	}
	if run, err := RunOf(told("INPUT_MODEL_URI=hf://meta/llama")); err != nil || len(run.Inputs) != 0 {
		t.Error("a version of a hub is not ours to fetch", run, err)
	}
}

func TestWhatIsWrongIsSaidByItsName(t *testing.T) {
	for _, one := range []struct{ wrong, says string }{
		{"RESULTS_URI=", "RESULTS_URI"}, {"POD_NAME=", "POD_NAME"}, {"JOB_NAME=../x", "JOB_NAME"}, {"RESULTS_URI=file:///x", "s3://"}, {"POD_NAME=a/b", "POD_NAME"},
		{"SIGNALBOX_SYNC=yes", "SIGNALBOX_SYNC"}, {"SIGNALBOX_GRACE=2m", "SIGNALBOX_GRACE"}, {"SIGNALBOX_GRACE=-1", "SIGNALBOX_GRACE"}, {"SIGNALBOX_SAVE_SECONDS=16", "terminationGracePeriodSeconds"}, {"SIGNALBOX_SAVE_SECONDS=soon", "SIGNALBOX_SAVE_SECONDS"}, {"SIGNALBOX_GRACE=NaN", "SIGNALBOX_GRACE"}, {"SIGNALBOX_PARTS=999999", "SIGNALBOX_PARTS"},
		{"SIGNALBOX_FOLDER=x", "SIGNALBOX_FOLDER"}, {"SIGNALBOX_STAGE=../x", "SIGNALBOX_STAGE"}, {"RANK=a", "RANK"}, {"SIGNALBOX_INPUTS=train", "TRAIN_URI"}, {"SIGNALBOX_INPUTS=../x", "SIGNALBOX_INPUTS"},
		{"SIGNALBOX_INPUTS=a,a", "A_URI"},
	} {
		if _, err := RunOf(told(one.wrong)); err == nil || cause.Of(err).Code != cause.BadInput || !strings.Contains(err.Error(), one.says) {
			t.Errorf("%s: %v", one.wrong, err)
		}
	}
}

func TestTheRankIsWhatTheLauncherSays(t *testing.T) {
	for said, want := range map[string]int{"RANK=3": 3, "JOB_COMPLETION_INDEX=2": 2, "PET_NODE_RANK=1": 1, "X=1": 0} {
		if run, err := RunOf(told(said)); err != nil || run.Rank != want {
			t.Error(said, run.Rank, err)
		}
	}
	for said, want := range map[string]bool{"NNODES=4": true, "NNODES=1": false, "X=1": false} {
		if run, err := RunOf(told(said)); err != nil || run.Gang != want {
			t.Error(said, run.Gang, err)
		}
	}
	if run, _ := RunOf(told("JOB_COMPLETION_INDEX=2", "SIGNALBOX_RANK=0")); run.Rank != 0 {
		t.Error("what is said here wins", run.Rank)
	}
}
