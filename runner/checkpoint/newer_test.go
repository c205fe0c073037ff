package checkpoint

import (
	"testing"
	"time"
)

func TestWhatWasSavedSinceIsTold(t *testing.T) {
	told := time.Unix(1000, 0)
	now := told.Add(time.Minute)
	unit := func(name string, after time.Duration, files ...string) Unit {
		made := Unit{Name: name, Loose: len(files) == 0, Touched: told.Add(after)}
		for _, file := range files {
			made.Nodes = append(made.Nodes, Node{Path: name + "/" + file})
		}
		return made
	}
	settle := Rules{Settle: 5 * time.Second}
	for _, one := range []struct {
		name  string
		units []Unit
		rules Rules
		is    bool
	}{
		{"nothing stands there", nil, settle, false},
		{"it was there before", []Unit{unit("step-1", -time.Second, "w")}, settle, false},
		{"it came since, and nothing of it changes", []Unit{unit("step-1", -time.Second, "w"), unit("step-2", 30*time.Second, "w")}, settle, true},
		{"it is being written", []Unit{unit("step-2", 58*time.Second, "w")}, settle, false},
		{"its marker is not there yet", []Unit{unit("step-2", 30*time.Second, "w")}, Rules{Settle: 5 * time.Second, Marker: "done"}, false},
		{"its marker is there", []Unit{unit("step-2", 30*time.Second, "w", "done")}, Rules{Settle: 5 * time.Second, Marker: "done"}, true},
		{"a log beside folders", []Unit{unit("step-1", -time.Second, "w"), unit("log", 30*time.Second)}, settle, false},
		{"a file where there are no folders", []Unit{unit("last.pt", 30*time.Second)}, settle, true},
	} {
		if is := hasNewer(one.units, told, now, one.rules); is != one.is {
			t.Errorf("%s: it has saved is %v", one.name, is)
		}
	}
}

func TestWhatStandsOnTheDiskIsLookedAt(t *testing.T) {
	keeper := &Keeper{Folder: t.TempDir(), Rules: Rules{Settle: 10 * time.Minute}}
	told := time.Now().Add(-time.Second)
	write(t, keeper.Folder, map[string]string{"step-2/w": "weights"})
	if keeper.HasNewer(told, time.Now()) || !keeper.HasNewer(told, time.Now().Add(time.Hour)) || keeper.HasNewer(time.Now().Add(time.Minute), time.Now().Add(time.Hour)) {
		t.Error("what was written since counts once it has settled")
	}
	keeper.Folder += "/none"
	if keeper.HasNewer(told, time.Now().Add(time.Hour)) {
		t.Error("a folder that is not there has no checkpoint")
	}
}
