// Package fetch brings objects into a folder: what was there before is gone on with, and what arrives is what was asked for.
package fetch

import (
	"context"
	"iter"
	"path"
	"strings"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/place"
	"signalbox.dev/runner/store"
)

// Want is an object, where it is to lie in the folder, and by what it is known to be the right one.
type Want struct {
	Object store.Object
	// Path in the folder, with slashes. It was seen to lead nowhere else.
	Path string
	// Sum of all of it, `ALGORITHM:base64`, as who asked for it knows it; empty: nobody told.
	Sum string
	// Parts are the SHA-256 (base64) of each of its parts of PartSize bytes; none: nobody told.
	Parts    []string
	PartSize int64
}

// Wants are objects one after the other; an error ends them.
type Wants = iter.Seq2[Want, error]

// Listed is what lies in a folder of S3, or an object alone where the address is one's. Nothing there is an error.
func Listed(ctx context.Context, from *store.Store, at place.Place) Wants {
	return func(yield func(Want, error) bool) {
		some := false
		for object, err := range from.List(ctx, place.Place{Bucket: at.Bucket, Key: at.Folder()}) {
			if err == nil && strings.HasSuffix(object.Key, "/") && object.Size == 0 {
				continue
			}
			want, err := wantOf(at.Folder(), object, err)
			some = true
			if !yield(want, err) || err != nil {
				return
			}
		}
		if !some {
			yield(alone(ctx, from, at))
		}
	}
}

func wantOf(folder string, object store.Object, err error) (Want, error) {
	if err != nil {
		return Want{}, err
	}
	path, err := place.Relative(folder, object.Key)
	return Want{Object: object, Path: path}, err
}

func alone(ctx context.Context, from *store.Store, at place.Place) (Want, error) {
	if at.Key == "" || strings.HasSuffix(at.Key, "/") {
		return Want{}, cause.New(cause.BadInput, "nothing lies in %s: name a folder that has something", at)
	}
	object, _, err := from.Head(ctx, at, "")
	if err != nil {
		return Want{}, err
	}
	return wantOf(strings.TrimSuffix(at.Key, path.Base(at.Key)), object, nil)
}
