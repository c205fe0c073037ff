package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path"
	"sync/atomic"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/place"
	"signalbox.dev/runner/store"
)

// Stats are what a fetch came to: objects and their bytes, and how many of them were there already.
type Stats struct{ Objects, Bytes, There int64 }

type folder struct {
	root    *os.Root
	store   *store.Store
	journal *journal
	objects atomic.Int64
	bytes   atomic.Int64
	there   atomic.Int64
}

// Into brings all of them into a folder, side by side. Each is whole at its path or not there at all. Nothing is written outside of
// the folder, whatever links lie in it.
func Into(ctx context.Context, from *store.Store, to string, wants Wants) (Stats, error) {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return Stats{}, cause.Of(err)
	}
	root, err := os.OpenRoot(to)
	if err != nil {
		return Stats{}, cause.Of(err)
	}
	defer root.Close()
	notes, err := openJournal(root)
	if err != nil {
		return Stats{}, cause.Of(err)
	}
	defer notes.close()
	into := &folder{root: root, store: from, journal: notes}
	err = store.EachOf(ctx, from.Parts(), wants, into.bring)
	if err == nil {
		err = root.RemoveAll(partsFolder)
	}
	stats := Stats{Objects: into.objects.Load(), Bytes: into.bytes.Load(), There: into.there.Load()}
	if err != nil {
		return stats, cause.Of(err)
	}
	return stats, nil
}

const (
	partsFolder = place.Own + "/parts"
	journalFile = place.Own + "/fetched"
)

func (f *folder) bring(ctx context.Context, want Want) error {
	f.objects.Add(1)
	f.bytes.Add(want.Object.Size)
	want, err := f.known(ctx, want)
	if err != nil {
		return err
	}
	id := idOf(want)
	if f.isThere(want, id) {
		f.there.Add(1)
		return nil
	}
	part := partsFolder + "/" + id
	if err := f.load(ctx, want, id, part); err != nil {
		return err
	}
	if err := f.root.MkdirAll(path.Dir(want.Path), 0o755); err != nil {
		return inPlace(want, err)
	}
	if err := f.root.Rename(part, want.Path); err != nil {
		return inPlace(want, err)
	}
	info, err := f.root.Lstat(want.Path)
	if err != nil {
		return err
	}
	return f.journal.note(entry{Path: want.Path, ID: id, Size: info.Size(), Modified: info.ModTime().UnixNano()})
}

// known says which object it is, where nobody has: before pieces of it are put together, or it is taken for one that came earlier.
func (f *folder) known(ctx context.Context, want Want) (Want, error) {
	_, noted := f.journal.whole(want.Path)
	if want.Object.ETag != "" || want.Object.Version != "" || want.Parts != nil || (want.Object.Size <= store.Part && !noted) {
		return want, nil
	}
	head, _, err := f.store.Head(ctx, want.Object.Place(), "")
	if err == nil && head.Size != want.Object.Size {
		err = cause.New(cause.BadInput, "%s has %d bytes, and its manifest says %d: upload it again, and its manifest after it", place.Shown(want.Object.Place().String()), head.Size, want.Object.Size)
	}
	want.Object.ETag = head.ETag
	return want, err
}

// isThere: as it was left, by this same want.
func (f *folder) isThere(want Want, id string) bool {
	known, noted := f.journal.whole(want.Path)
	if !noted || known.ID != id {
		return false
	}
	info, err := f.root.Lstat(want.Path)
	return err == nil && info.Mode().IsRegular() && info.Size() == known.Size && info.ModTime().UnixNano() == known.Modified
}

func (f *folder) load(ctx context.Context, want Want, id, part string) error {
	file, err := f.root.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := f.pieces(ctx, want, id, file); err != nil {
		return err
	}
	if err := f.check(ctx, want, file); err != nil {
		f.journal.forget(id)
		_ = f.root.Remove(part)
		return err
	}
	return file.Truncate(want.Object.Size)
}

func (f *folder) pieces(ctx context.Context, want Want, id string, file *os.File) error {
	size := want.PartSize
	if size == 0 {
		size = store.Part
	}
	ranges := store.Ranges(want.Object.Size, size)
	if want.Parts != nil && len(want.Parts) != len(ranges) {
		return cause.New(cause.BadInput, "%s has %d sums for %d parts", place.Shown(want.Path), len(want.Parts), len(ranges))
	}
	return store.Each(ctx, f.store.Parts(), ranges, func(ctx context.Context, r store.Range) error {
		if len(ranges) > 1 && f.journal.has(id, r.Number) {
			return nil
		}
		sum := ""
		if want.Parts != nil {
			sum = want.Parts[r.Number]
		}
		err := f.store.Piece(ctx, want.Object, r, sum, func(bytes []byte) error {
			_, err := file.WriteAt(bytes, r.From)
			return err
		})
		if err != nil || len(ranges) == 1 {
			return err
		}
		return f.journal.note(entry{ID: id, Part: r.Number})
	})
}

// check compares all of it with what is known: what was told of it, else what S3 keeps of what came in several pieces.
func (f *folder) check(ctx context.Context, want Want, file *os.File) error {
	sum, code := want.Sum, cause.BadInput
	if sum == "" && want.Parts == nil && want.Object.Size > store.Part {
		head, kept, err := f.store.Head(ctx, want.Object.Place(), want.Object.Version)
		if err != nil {
			return err
		}
		if want.Object.ETag != "" && head.ETag != want.Object.ETag {
			return cause.New(cause.BadInput, "%s was changed meanwhile: leave it while it is read", place.Shown(want.Object.Place().String()))
		}
		sum, code = kept, cause.Away
	}
	if _, err := file.Seek(0, 0); err != nil {
		return err
	}
	fits, err := store.Fits(file, sum)
	if err == nil && !fits {
		return cause.New(code, "%s is not what it should be: its checksum is not %s; upload it again, and its manifest after it", place.Shown(want.Object.Place().String()), sum)
	}
	return err
}

// idOf is the same for the same object at the same path, and another once any of it is.
func idOf(want Want) string {
	o := want.Object
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n%d\n%s\n%s\n%s\n%v", want.Path, o.Bucket, o.Key, o.Size, o.ETag, o.Version, want.Sum, want.Parts))
	return hex.EncodeToString(sum[:16])
}

// inPlace says what keeps a file from its path: the words of the machine name a part of ours.
func inPlace(want Want, err error) error {
	end := cause.Of(err)
	if end.Code == cause.DiskFull {
		return end
	}
	return cause.New(cause.BadInput, "%q cannot lie where it should (%v): another object has the name of its folder, or a link leads elsewhere", place.Shown(want.Path), err)
}
