package checkpoint

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/place"
	"signalbox.dev/runner/standin"
	"signalbox.dev/runner/store"
)

const lane = "pipeline-chats-0a1b2c3d-g2a"

// pod of an attempt, with a folder of its own. `late`: it looks when all has settled.
func pod(t *testing.T, attempt int, name string) *Keeper {
	open, err := store.Open(t.Context(), store.Options{Parts: 4, Say: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	job := fmt.Sprintf("%s%d-train", lane, attempt)
	results := place.Place{Bucket: "b", Key: "runs/"}
	return &Keeper{
		Store: open, Folder: t.TempDir(), Home: results.Below(job+"-"+name, "checkpoints", "train"), Family: FamilyOf(results, job), Stage: "train",
		Pod: job + "-" + name, Rules: Rules{Settle: 10 * time.Minute}, Say: t.Logf, Now: func() time.Time { return time.Now().Add(time.Hour) },
	}
}

func write(t *testing.T, folder string, files map[string]string) {
	for path, text := range files {
		whole := filepath.Join(folder, path)
		if err := os.MkdirAll(filepath.Dir(whole), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(whole, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, folder string) map[string]string {
	found := map[string]string{}
	units, err := Look(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, unit := range units {
		for _, node := range unit.Nodes {
			text, _ := os.ReadFile(filepath.Join(folder, node.Path))
			found[node.Path] = string(text)
		}
	}
	return found
}

func restored(t *testing.T, attempt int, name string) (map[string]string, *Keeper) {
	k := pod(t, attempt, name)
	if _, _, err := k.Restore(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	return read(t, k.Folder), k
}

var first = map[string]string{"step-1/weights": "one", "step-1/deep/state": "s", "empty": "", "latest": "step-1"}

func TestWhatOnePodSavedTheNextOneHas(t *testing.T) {
	standin.Open(t)
	a := pod(t, 1, "aaaaa")
	write(t, a.Folder, first)
	if err := os.Symlink("step-1", filepath.Join(a.Folder, "last")); err != nil {
		t.Fatal(err)
	}
	if err := a.Save(t.Context(), Running); err != nil {
		t.Fatal(err)
	}
	got, b := restored(t, 2, "bbbbb")
	want := maps.Clone(first)
	want["last"] = ""
	if !maps.Equal(got, want) {
		t.Error(got)
	}
	if to, err := os.Readlink(filepath.Join(b.Folder, "last")); to != "step-1" {
		t.Error(to, err)
	}
	if info, _ := os.Stat(filepath.Join(b.Folder, place.Own)); info != nil {
		t.Error("the program sees what is noted down")
	}
}

func TestWhatDidNotChangeIsSentOnce(t *testing.T) {
	s3 := standin.Open(t)
	a := pod(t, 1, "aaaaa")
	write(t, a.Folder, first)
	for range 3 {
		if err := a.Save(t.Context(), Running); err != nil {
			t.Fatal(err)
		}
	}
	_, b := restored(t, 2, "bbbbb")
	s3.Forgive()
	if err := b.Save(t.Context(), Running); err != nil || len(s3.Asked()) != 0 {
		t.Error("what was restored was sent again", s3.Asked(), err)
	}
	write(t, b.Folder, map[string]string{"step-2/weights": "two"})
	if err := b.Save(t.Context(), Running); err != nil || len(s3.Asked()) != 2 {
		t.Error("more was sent than the new file and its picture", s3.Asked(), err)
	}
	if got, _ := restored(t, 3, "ccccc"); got["step-1/weights"] != "one" || got["step-2/weights"] != "two" {
		t.Error(got)
	}
}

func TestWhatIsBeingWrittenIsNotSavedAndWhatItReplacesIsKept(t *testing.T) {
	standin.Open(t)
	a := pod(t, 1, "aaaaa")
	write(t, a.Folder, first)
	if err := a.Save(t.Context(), Running); err != nil {
		t.Fatal(err)
	}
	// The trainer takes the old one away while the new one is being written.
	_ = os.RemoveAll(filepath.Join(a.Folder, "step-1"))
	write(t, a.Folder, map[string]string{"step-2/weights": "hal", "latest": "step-2"})
	a.Now = time.Now
	if err := a.Save(t.Context(), Running); err != nil {
		t.Fatal(err)
	}
	if got, _ := restored(t, 2, "bbbbb"); !maps.Equal(got, first) {
		t.Error(got)
	}
	write(t, a.Folder, map[string]string{"step-2/weights": "half and half"})
	a.Now = func() time.Time { return time.Now().Add(time.Hour) }
	if err := a.Save(t.Context(), Running); err != nil {
		t.Fatal(err)
	}
	if got, _ := restored(t, 2, "ccccc"); !maps.Equal(got, map[string]string{"step-2/weights": "half and half", "latest": "step-2", "empty": ""}) {
		t.Error(got)
	}
}

func TestALogThatGrowsForEverKeepsNoOldFolders(t *testing.T) {
	at := time.Now()
	file := func(path string) File { return File{Path: path} }
	before := Snapshot{Files: []File{file("step-1/w"), file("old.pt")}}
	log := Unit{Name: "log.txt", Loose: true, Touched: at, Nodes: []Node{{Path: "log.txt", Touched: at}}}
	step := Unit{Name: "step-2", Touched: at, Nodes: []Node{{Path: "step-2/w", Touched: at}}}
	for _, one := range []struct {
		now  []Unit
		keep []string
	}{{[]Unit{log}, []string{"old.pt"}}, {[]Unit{step}, []string{"step-1"}}, {[]Unit{log, step}, []string{"step-1", "old.pt"}}, {nil, nil}} {
		if choice := Choose(before, one.now, at, Running, Rules{Settle: time.Second}); !slices.Equal(choice.Keep, one.keep) || len(choice.Take) != 0 {
			t.Error(one.keep, choice)
		}
	}
}

func TestWhatAnEarlierTryLeftIsNotInTheNextOne(t *testing.T) {
	s3 := standin.Open(t)
	a := pod(t, 1, "aaaaa")
	write(t, a.Folder, map[string]string{"step/a": "1"})
	if err := a.Save(t.Context(), Running); err != nil {
		t.Fatal(err)
	}
	write(t, a.Folder, map[string]string{"step/b": "2", "step/c": "3"})
	if err := a.Save(t.Context(), Running); err != nil {
		t.Fatal(err)
	}
	second := slices.DeleteFunc(s3.Keys("b/"), func(key string) bool { return !strings.Contains(key, "/data/0000000002-") })
	s3.Delete(second[0])
	if got, _ := restored(t, 2, "bbbbb"); !maps.Equal(got, map[string]string{"step/a": "1"}) {
		t.Error(got)
	}
}

func TestWhoIsInAHurryBeginsNoFurtherFolder(t *testing.T) {
	s3 := standin.Open(t)
	a := pod(t, 1, "aaaaa")
	write(t, a.Folder, map[string]string{"one/w": "1", "two/w": "2", "three/w": "3"})
	s3.Answer(func(*http.Request) int { a.Hurry.Store(true); return 0 })
	if err := a.Save(t.Context(), Running); err != nil || len(a.last.Files) != 1 {
		t.Error(a.last.Files, err)
	}
	if err := a.SaveLast(t.Context(), Whole); err != nil || len(a.last.Files) != 3 {
		t.Error(a.last.Files, err)
	}
}

func TestAMarkerSaysWhatIsComplete(t *testing.T) {
	standin.Open(t)
	a := pod(t, 1, "aaaaa")
	a.Rules.Marker = "done"
	write(t, a.Folder, map[string]string{"step-1/w": "1", "step-1/done": "", "step-2/w": "2"})
	if err := a.SaveLast(t.Context(), Whole); err != nil {
		t.Fatal(err)
	}
	if got, _ := restored(t, 2, "bbbbb"); !maps.Equal(got, map[string]string{"step-1/w": "1", "step-1/done": ""}) {
		t.Error(got)
	}
}

func TestAFolderThatChangesWhileItIsSentIsNotInThePicture(t *testing.T) {
	s3 := standin.Open(t)
	a := pod(t, 1, "aaaaa")
	write(t, a.Folder, map[string]string{"step-1/w": "1", "step-1/x": "x"})
	once := true
	s3.Answer(func(r *http.Request) int {
		if once && r.Method == http.MethodPut {
			once = false
			write(t, a.Folder, map[string]string{"step-1/w": "another"})
		}
		return 0
	})
	if err := a.Save(t.Context(), Running); err != nil {
		t.Fatal(err)
	}
	if got, _ := restored(t, 2, "bbbbb"); len(got) != 0 {
		t.Error("a torn folder was saved", got)
	}
	if err := a.Save(t.Context(), Running); err != nil {
		t.Fatal(err)
	}
	if got, _ := restored(t, 2, "ccccc"); got["step-1/w"] != "another" {
		t.Error(got)
	}
}

func TestADeathAtAnyRequestLosesNothingThatWasWhole(t *testing.T) {
	for dies := range 8 {
		s3 := standin.Open(t)
		a := pod(t, 1, "aaaaa")
		write(t, a.Folder, map[string]string{"step-1/w": "1"})
		if err := a.Save(t.Context(), Running); err != nil {
			t.Fatal(err)
		}
		write(t, a.Folder, map[string]string{"step-2/w": "2", "step-2/x": "x", "latest": "step-2"})
		asked := 0
		s3.Answer(func(*http.Request) int {
			if asked++; asked > dies {
				return http.StatusBadRequest
			}
			return 0
		})
		err := a.Save(t.Context(), Running)
		s3.Answer(nil)
		got, b := restored(t, 2, "bbbbb")
		if got["step-1/w"] != "1" || err == nil && len(got) != 4 || (got["step-2/w"] == "") != (got["step-2/x"] == "") || got["latest"] != "" && got["step-2/w"] == "" {
			t.Error(dies, got)
		}
		write(t, b.Folder, map[string]string{"step-3/w": "3"})
		if err := b.Save(t.Context(), Running); err != nil {
			t.Fatal(err)
		}
		if again, _ := restored(t, 3, "ccccc"); again["step-3/w"] != "3" || again["step-1/w"] != "1" {
			t.Error(dies, again)
		}
	}
}

func TestDamagedCheckpointsGiveWayToEarlierOnes(t *testing.T) {
	for name, spoil := range map[string]func(*standin.S3, string){
		"gone":     func(s3 *standin.S3, key string) { s3.Delete(key) },
		"damaged":  func(s3 *standin.S3, key string) { s3.Set(key, []byte("twi")) },
		"replaced": func(s3 *standin.S3, key string) { s3.Set(key, []byte("many more bytes")) },
	} {
		s3 := standin.Open(t)
		a := pod(t, 1, "aaaaa")
		write(t, a.Folder, map[string]string{"step-1/w": "one"})
		for _, step := range []string{"1", "2"} {
			write(t, a.Folder, map[string]string{"step-" + step + "/w": "two"})
			if err := a.Save(t.Context(), Running); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range s3.Keys("b/") {
			if strings.Contains(key, "/data/0000000002-") {
				spoil(s3, key)
			}
		}
		if got, b := restored(t, 2, "bbbbb"); len(got) != 1 || b.last.Number != 2 {
			t.Error(name, got, b.last.Number)
		}
	}
}

func TestAPictureThatCannotBeIsNotBelieved(t *testing.T) {
	key := "runs/" + lane + "1-train-aaaaa/checkpoints/train/data/x"
	sum := store.SumOf([]byte("x"))
	for name, file := range map[string]File{
		"a path outside":    {Path: "../x", Size: 1, Key: key, Part: store.Part, Parts: []string{sum}},
		"a link outside":    {Path: "x", Link: "../../etc/passwd"},
		"a whole link":      {Path: "x", Link: "/etc/passwd"},
		"another's object":  {Path: "x", Size: 1, Key: "runs/other/x", Part: store.Part, Parts: []string{sum}},
		"too many parts":    {Path: "x", Size: 1 << 60, Key: key, Part: 1, Parts: []string{sum}},
		"fewer sums":        {Path: "x", Size: 3 * store.Part, Key: key, Part: store.Part, Parts: []string{sum}},
		"our own folder":    {Path: ".signalbox/x", Size: 1, Key: key, Part: store.Part, Parts: []string{sum}},
		"a negative length": {Path: "x", Size: -1, Key: key, Part: store.Part},
	} {
		s3 := standin.Open(t)
		text, _ := json.Marshal(Snapshot{Version: 1, Number: 9, Stage: "train", Files: []File{file}})
		s3.Set("b/runs/"+lane+"1-train-aaaaa/checkpoints/train/snapshots/0000000009.json", text)
		s3.Set("b/"+key, []byte("x"))
		s3.Set("b/runs/other/x", []byte("x"))
		if got, _ := restored(t, 2, "bbbbb"); len(got) != 0 {
			t.Error(name, got)
		}
	}
}

func TestOnlyTheFamilyIsRead(t *testing.T) {
	s3 := standin.Open(t)
	for _, other := range []string{"pipeline-chats-0a1b2c3d-g3a1-train-aaaaa", "pipeline-chats-0a1b2c3d-g20a1-train-aaaaa", "pipeline-other-0a1b2c3d-g2a1-train-aaaaa", lane + "1-train"} {
		key := "runs/" + other + "/checkpoints/train/data/x"
		text, _ := json.Marshal(Snapshot{Version: 1, Number: 9, Stage: "train", Files: []File{{Path: "x", Size: 1, Key: key, Part: store.Part, Parts: []string{store.SumOf([]byte("x"))}}}})
		s3.Set("b/runs/"+other+"/checkpoints/train/snapshots/0000000009.json", text)
		s3.Set("b/"+key, []byte("x"))
	}
	if got, _ := restored(t, 1, "bbbbb"); len(got) != 0 {
		t.Error(got)
	}
}

func TestAnotherStepsCheckpointsAreNotGoneOnWith(t *testing.T) {
	standin.Open(t)
	a := pod(t, 1, "aaaaa")
	a.Step = "one"
	write(t, a.Folder, first)
	if err := a.Save(t.Context(), Running); err != nil {
		t.Fatal(err)
	}
	for step, want := range map[string]int{"one": 4, "": 4, "two": 0} {
		b := pod(t, 2, "bbbbb")
		b.Step = step
		if files, _, err := b.Restore(t.Context(), false); err != nil || files != want {
			t.Error(step, files, err)
		}
	}
}

func TestWhatADeadProgramMayHaveTornIsTriedOnce(t *testing.T) {
	standin.Open(t)
	a := pod(t, 1, "aaaaa")
	write(t, a.Folder, map[string]string{"step-1/w": "1"})
	if err := a.Save(t.Context(), Running); err != nil {
		t.Fatal(err)
	}
	write(t, a.Folder, map[string]string{"step-2/w": "to"})
	a.Now = time.Now
	if err := a.SaveLast(t.Context(), Torn); err != nil {
		t.Fatal(err)
	}
	if got, _ := restored(t, 2, "bbbbb"); got["step-2/w"] != "to" {
		t.Error("what may be whole is not tried", got)
	}
	if got, _ := restored(t, 3, "ccccc"); got["step-1/w"] != "1" || got["step-2/w"] != "" {
		t.Error("what led no further is tried again", got)
	}
}

func TestRanksOfOneAttemptGoOnFromTheSameDoubtfulPicture(t *testing.T) {
	standin.Open(t)
	first := pod(t, 1, "0-aaaaa")
	write(t, first.Folder, map[string]string{"step-1/w": "1"})
	if err := first.Save(t.Context(), Running); err != nil {
		t.Fatal(err)
	}
	write(t, first.Folder, map[string]string{"step-2/w": "2"})
	first.Now = time.Now
	if err := first.SaveLast(t.Context(), Torn); err != nil {
		t.Fatal(err)
	}
	ranked := func(attempt int, name string) map[string]string {
		one := pod(t, attempt, name)
		one.Gang = true
		if _, _, err := one.Restore(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		return read(t, one.Folder)
	}
	for _, name := range []string{"0-bbbbb", "1-bbbbb", "2-bbbbb"} {
		if got := ranked(2, name); got["step-2/w"] != "2" {
			t.Error("of one attempt some go on from another state", name, got)
		}
	}
	for _, name := range []string{"0-ccccc", "1-ccccc"} {
		if got := ranked(3, name); got["step-1/w"] != "1" || got["step-2/w"] != "" {
			t.Error("what led no further is tried again", name, got)
		}
	}
}

func TestNotAllowedIsNotNothing(t *testing.T) {
	s3 := standin.Open(t)
	s3.Answer(func(*http.Request) int { return http.StatusForbidden })
	if _, _, err := pod(t, 1, "aaaaa").Restore(t.Context(), false); err == nil || cause.Of(err).Code != cause.Denied {
		t.Error("a training would begin from nothing", err)
	}
}

func TestWhoGoesOnInTheSamePodKeepsWhatStands(t *testing.T) {
	s3 := standin.Open(t)
	a := pod(t, 1, "aaaaa")
	write(t, a.Folder, first)
	if err := a.Save(t.Context(), Running); err != nil {
		t.Fatal(err)
	}
	again := pod(t, 1, "aaaaa")
	again.Folder = a.Folder
	write(t, a.Folder, map[string]string{"step-2/w": "2"})
	if _, _, err := again.Restore(t.Context(), true); err != nil || read(t, a.Folder)["step-2/w"] != "2" {
		t.Fatal(err)
	}
	s3.Forgive()
	if err := again.Save(t.Context(), Running); err != nil || len(s3.Asked()) != 2 {
		t.Error(s3.Asked(), err)
	}
}

func TestFoldersComeBeforeWhatNamesThemTheNewestFirst(t *testing.T) {
	at := time.Now()
	unit := func(name string, loose bool, age time.Duration) Unit {
		return Unit{Name: name, Loose: loose, Touched: at.Add(-age), Nodes: []Node{{Path: name, Touched: at.Add(-age)}}}
	}
	now := []Unit{unit("latest", true, time.Minute), unit("old", false, time.Hour), unit("new", false, 2*time.Minute)}
	choice := Choose(Snapshot{}, now, at, Running, Rules{Settle: time.Second})
	names := make([]string, 0)
	for _, one := range choice.Take {
		names = append(names, one.Name)
	}
	if !slices.Equal(names, []string{"new", "old", "latest"}) {
		t.Error(names)
	}
	open := append(now, unit("open", false, 0))
	if choice := Choose(Snapshot{}, open, at, Running, Rules{Settle: time.Second}); len(choice.Take) != 2 {
		t.Error("what names a folder is taken while one is being written", choice.Take)
	}
}
