package checkpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"signalbox.dev/runner/place"
	"signalbox.dev/runner/store"
)

// Keeper saves and restores the checkpoints of one pod. One at a time uses it.
type Keeper struct {
	Store *store.Store
	// Folder on the disk.
	Folder string
	// Home is where this pod writes: `<results>/<pod>/checkpoints/<stage>`.
	Home   place.Place
	Family Family
	Stage  string
	Step   string
	Pod    string
	// Gang: others of its attempt go on from the same picture beside it, so that one which they try as well is not tried already.
	Gang  bool
	Rules Rules
	Say   func(format string, args ...any)
	Now   func() time.Time

	// Hurry: who saves while the program runs begins no further folder. The last save does, the newest first.
	Hurry atomic.Bool

	last  Snapshot
	count int
	since int64
	// doubtful is said of pictures that are written now.
	doubtful bool
}

// Saved says which picture is the newest, and how many files are in it.
func (k *Keeper) Saved() (number int64, files int) { return k.last.Number, len(k.last.Files) }

// SaveLast saves for the last time. Of a program that died first what is surely whole, then all: should that be torn, the one before is there.
func (k *Keeper) SaveLast(ctx context.Context, ended Ended) error {
	err := k.Save(ctx, ended)
	if err != nil || ended != Torn {
		return err
	}
	k.doubtful = true
	defer func() { k.doubtful = false }()
	return k.Save(ctx, Whole)
}

// Save brings S3 to what stands on the disk, as far as that is complete. A picture is written whenever a folder more is whole in it, so
// that what an end cuts off is the rest alone.
func (k *Keeper) Save(ctx context.Context, ended Ended) error {
	units, err := Look(k.Folder)
	if err != nil {
		return err
	}
	choice := Choose(k.last, units, k.Now(), ended, k.Rules)
	taken := map[string][]File{}
	for i, unit := range choice.Take {
		if ended == Running && k.Hurry.Load() {
			return nil
		}
		files, err := k.take(ctx, unit)
		if err != nil {
			return err
		}
		if files == nil {
			choice.Keep = append(choice.Keep, unit.Name)
			continue
		}
		taken[unit.Name] = files
		if !unit.Loose && i+1 < len(choice.Take) {
			if err := k.write(ctx, k.meanwhile(taken)); err != nil {
				return err
			}
		}
	}
	return k.write(ctx, k.next(choice.Keep, taken))
}

// take uploads what of a unit is not there yet; nil where it was changed meanwhile.
func (k *Keeper) take(ctx context.Context, unit Unit) ([]File, error) {
	files := make([]File, len(unit.Nodes))
	known := map[string]File{}
	for _, file := range k.last.Files {
		known[file.Path] = file
	}
	var open []int
	for i, node := range unit.Nodes {
		if file, there := known[node.Path]; there && file.isOf(node) {
			files[i] = file
		} else {
			open = append(open, i)
		}
	}
	var access sync.Mutex
	changed := false
	err := store.Each(ctx, k.Store.Parts(), open, func(ctx context.Context, i int) error {
		file, err := k.upload(ctx, unit.Nodes[i], &access)
		if errors.Is(err, store.ErrShort) || errors.Is(err, os.ErrNotExist) {
			access.Lock()
			changed = true
			access.Unlock()
			return nil
		}
		files[i] = file
		return err
	})
	if err != nil || changed || !k.stands(unit) {
		return nil, err
	}
	return files, nil
}

// stands says whether a unit is still what was looked at.
func (k *Keeper) stands(unit Unit) bool {
	now, err := Look(k.Folder)
	for _, one := range now {
		if one.Name == unit.Name {
			return err == nil && one.Same(unit)
		}
	}
	return false
}

func (k *Keeper) upload(ctx context.Context, node Node, access *sync.Mutex) (File, error) {
	made := File{Path: node.Path, Link: node.Link}
	if node.Link != "" {
		return made, nil
	}
	from, err := os.Open(filepath.Join(k.Folder, filepath.FromSlash(node.Path)))
	if err != nil {
		return made, err
	}
	defer from.Close()
	access.Lock()
	k.count++
	at := k.Home.Below("data", fmt.Sprintf("%010d-%x-%06d", k.last.Number+1, k.began(), k.count))
	access.Unlock()
	made.Size, made.Mode, made.Modified = node.Size, uint32(node.Mode), node.Modified.UnixNano()
	made.Key, made.Part = at.Key, store.PartSize(node.Size)
	made.Parts, err = k.Store.Upload(ctx, at, from, node.Size, store.Begun{}, nil)
	return made, err
}

// began tells this process from an earlier one of its pod, whose last request may come late.
func (k *Keeper) began() int64 {
	if k.since == 0 {
		k.since = k.Now().UnixMilli()
	}
	return k.since
}

// meanwhile is what was there with what was taken so far: nothing is left out yet.
func (k *Keeper) meanwhile(taken map[string][]File) []File {
	var files []File
	for _, file := range k.last.Files {
		if _, replaced := taken[unitOf(file.Path)]; !replaced {
			files = append(files, file)
		}
	}
	for _, of := range taken {
		files = append(files, of...)
	}
	return sorted(files)
}

func (k *Keeper) next(keep []string, taken map[string][]File) []File {
	var files []File
	for _, name := range keep {
		files = append(files, k.last.unit(name)...)
	}
	for _, of := range taken {
		files = append(files, of...)
	}
	return sorted(files)
}

// write writes a picture, where it says anything new. An empty one is never written: nobody goes on from nothing.
func (k *Keeper) write(ctx context.Context, files []File) error {
	if len(files) == 0 || sameFiles(files, k.last.Files) {
		return nil
	}
	next := Snapshot{Version: 1, Number: k.last.Number + 1, Stage: k.Stage, Step: k.Step, Pod: k.Pod, At: k.Now().UTC(), Files: files, Doubtful: k.doubtful}
	text, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if err := k.Store.Put(ctx, k.Home.Below("snapshots", nameOf(next.Number)), text, false); err != nil {
		return err
	}
	k.last = next
	return nil
}

func nameOf(number int64) string { return fmt.Sprintf("%010d.json", number) }
