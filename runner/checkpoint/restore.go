package checkpoint

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/fetch"
	"signalbox.dev/runner/place"
	"signalbox.dev/runner/store"
)

// candidate is a picture that somebody of the family has written.
type candidate struct {
	at      place.Place
	number  int64
	attempt int
	written time.Time
	// tried: somebody has gone on from it.
	tried bool
}

// Restore brings the newest picture of the family that is whole into the folder, and goes on counting from it. Where none is, the
// program begins from nothing. What already stands in the folder is left, and only what the family has is seen.
func (k *Keeper) Restore(ctx context.Context, standing bool) (files int, from string, err error) {
	found, err := k.candidates(ctx)
	if err != nil {
		return 0, "", err
	}
	for _, one := range found {
		k.last.Number = max(k.last.Number, one.number)
	}
	number := k.last.Number
	for _, one := range found {
		picture, err := k.read(ctx, one)
		if err == nil && !standing {
			err = k.bring(ctx, one, picture)
		}
		if err == nil {
			k.last = picture
			k.last.Number = number
			return len(picture.Files), picture.Pod, nil
		}
		if !isBroken(err) {
			return 0, "", err
		}
		k.Say("the checkpoints %s cannot be used (%v): earlier ones are tried", one.at, err)
	}
	return 0, "", nil
}

func isBroken(err error) bool {
	return errors.Is(err, store.ErrGone) || errors.Is(err, store.ErrDamaged) || cause.Of(err).Code == cause.BadInput
}

// candidates, the newest first.
func (k *Keeper) candidates(ctx context.Context) ([]candidate, error) {
	folders, err := k.Store.Folders(ctx, place.Place{Bucket: k.Home.Bucket, Key: k.Family.Begins})
	if err != nil {
		return nil, err
	}
	var found []candidate
	tried := map[int64]bool{}
	own, _ := k.Family.Attempt(k.Pod)
	for _, folder := range folders {
		attempt, is := k.Family.Attempt(path.Base(strings.TrimSuffix(folder, "/")))
		if !is {
			continue
		}
		home := place.Place{Bucket: k.Home.Bucket, Key: folder}.Below("checkpoints", k.Stage)
		for object, err := range k.Store.List(ctx, home.Below("snapshots", "")) {
			if err != nil {
				return nil, err
			}
			if number, is := numberOf(object.Key, ".json"); is {
				found = append(found, candidate{at: object.Place(), number: number, attempt: attempt, written: object.Modified})
			}
		}
		if k.Gang && attempt == own {
			continue
		}
		for object, err := range k.Store.List(ctx, home.Below("tried", "")) {
			if err != nil {
				return nil, err
			}
			if number, is := numberOf(object.Key, ""); is {
				tried[number] = true
			}
		}
	}
	for i := range found {
		found[i].tried = tried[found[i].number]
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.number, a.number), cmp.Compare(b.attempt, a.attempt), b.written.Compare(a.written))
	})
	return found, nil
}

// numberOf is the number that a key ends with.
func numberOf(key, ending string) (int64, bool) {
	name, is := strings.CutSuffix(path.Base(key), ending)
	number, err := strconv.ParseInt(name, 10, 64)
	return number, is && err == nil
}

func (k *Keeper) read(ctx context.Context, one candidate) (Snapshot, error) {
	text, err := k.Store.Small(ctx, one.at, largest)
	if err != nil {
		return Snapshot{}, err
	}
	picture, err := parse(text, k.Family.Begins)
	if err == nil && picture.Step != "" && k.Step != "" && picture.Step != k.Step {
		err = cause.New(cause.BadInput, "they are of another step")
	}
	if err == nil && picture.Doubtful && one.tried && picture.Pod != k.Pod {
		err = cause.New(cause.BadInput, "their program died while it may have written them, and who went on from them came no further")
	}
	return picture, err
}

// bring leaves the folder with this picture and nothing else.
func (k *Keeper) bring(ctx context.Context, one candidate, picture Snapshot) error {
	if picture.Doubtful {
		if err := k.Store.Put(ctx, k.Home.Below("tried", strconv.FormatInt(one.number, 10)), nil, false); err != nil {
			return err
		}
	}
	if err := k.clear(picture); err != nil {
		return err
	}
	wants := func(yield func(fetch.Want, error) bool) {
		for _, file := range picture.Files {
			if file.Link != "" {
				continue
			}
			want := fetch.Want{Object: store.Object{Bucket: k.Home.Bucket, Key: file.Key, Size: file.Size}, Path: file.Path, Parts: append([]string{}, file.Parts...), PartSize: file.Part}
			if !yield(want, nil) {
				return
			}
		}
	}
	if _, err := fetch.Into(ctx, k.Store, k.Folder, wants); err != nil {
		return err
	}
	return k.finish(picture)
}

// clear takes away what an earlier try at another picture has left: of this one's files those stay that are there already.
func (k *Keeper) clear(picture Snapshot) error {
	named := map[string]bool{}
	for _, file := range picture.Files {
		named[file.Path] = true
	}
	units, err := Look(k.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, unit := range units {
		for _, node := range unit.Nodes {
			if err == nil && !named[node.Path] {
				err = os.Remove(filepath.Join(k.Folder, filepath.FromSlash(node.Path)))
			}
		}
	}
	return err
}

// finish gives files the times and modes that they had, so that nothing of them is saved again, and links what was linked.
func (k *Keeper) finish(picture Snapshot) error {
	root, err := os.OpenRoot(k.Folder)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.RemoveAll(place.Own); err != nil {
		return err
	}
	for _, file := range picture.Files {
		if file.Link != "" {
			_ = root.Remove(file.Path)
			if err := errors.Join(root.MkdirAll(path.Dir(file.Path), 0o755), root.Symlink(file.Link, file.Path)); err != nil {
				return err
			}
			continue
		}
		at := time.Unix(0, file.Modified)
		if err := errors.Join(root.Chmod(file.Path, fs.FileMode(file.Mode)&fs.ModePerm), root.Chtimes(file.Path, at, at)); err != nil {
			return err
		}
	}
	return nil
}
