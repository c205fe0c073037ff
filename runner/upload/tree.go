// Package upload brings what a program has made into S3, each file once: what an earlier process of the same pod has brought is known.
package upload

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/place"
	"signalbox.dev/runner/store"
)

// Stats are what an upload came to: files and their bytes, and how many of them were there already.
type Stats struct{ Files, Bytes, There int64 }

type file struct {
	path string
	info fs.FileInfo
}

// Tree uploads all files of a folder below an address. Links to files are uploaded as what they lead to. `noted` is the file in which it
// notes down what has arrived.
func Tree(ctx context.Context, to *store.Store, folder string, at place.Place, noted string) (Stats, error) {
	files, err := filesOf(folder)
	if err != nil {
		return Stats{}, cause.Of(err)
	}
	notes, err := openNotes(noted)
	if err != nil {
		return Stats{}, cause.Of(err)
	}
	defer notes.close()
	var stats Stats
	err = store.Each(ctx, to.Parts(), files, func(ctx context.Context, one file) error {
		atomic.AddInt64(&stats.Files, 1)
		atomic.AddInt64(&stats.Bytes, one.info.Size())
		if notes.isThere(one) {
			atomic.AddInt64(&stats.There, 1)
			return nil
		}
		return send(ctx, to, filepath.Join(folder, one.path), at.Below(filepath.ToSlash(one.path)), one, notes)
	})
	if err != nil {
		return stats, cause.Of(err)
	}
	return stats, nil
}

func send(ctx context.Context, to *store.Store, path string, at place.Place, one file, notes *notes) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	_, err = to.Upload(ctx, at, from, one.info.Size(), notes.begun(one), func(id string, number int, done store.Done) {
		notes.part(one, id, number, done)
	})
	if err != nil {
		return err
	}
	return notes.whole(one)
}

func filesOf(folder string) (files []file, err error) {
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, _ := filepath.Rel(folder, path)
		// It follows links to files, and leaves out those to folders, which may lead anywhere.
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			return nil
		}
		if _, err := place.Relative("", filepath.ToSlash(relative)); err != nil {
			return cause.New(cause.BadInput, "the file %q was made and cannot be uploaded: name it with letters that are seen", place.Shown(relative))
		}
		files = append(files, file{path: relative, info: info})
		return nil
	})
	return files, err
}
