package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/place"
	"signalbox.dev/runner/store"
)

// versions are asked for one by one of so many objects at most.
const versions = 100

// Pinned is what lies there, where it is still what it was when its result was read: by the version of an object, or by a digest over
// what S3 says of each. An empty pin, and one that says that nobody could tell, allow all.
func Pinned(ctx context.Context, from *store.Store, at place.Place, pin string) (Wants, error) {
	if pin == "" || strings.HasPrefix(pin, "unpinned:") {
		return Listed(ctx, from, at), nil
	}
	if version, is := strings.CutPrefix(pin, "version:"); is {
		object, _, err := from.Head(ctx, at, version)
		if errors.Is(err, store.ErrGone) {
			return nil, changed(at)
		}
		object.Version = version
		want, err := wantOf(at.Key[:strings.LastIndex(at.Key, "/")+1], object, err)
		return func(yield func(Want, error) bool) { yield(want, err) }, err
	}
	wants, err := collected(Listed(ctx, from, at))
	if err != nil || pinOf(at, wants) == pin {
		return wantsOf(wants), err
	}
	if len(wants) <= versions {
		if err := withVersions(ctx, from, wants); err != nil || pinOf(at, wants) == pin {
			return wantsOf(wants), err
		}
	}
	return nil, changed(at)
}

func changed(at place.Place) error {
	return cause.New(cause.BadInput, "%s is not what was measured: somebody has written it since; run the stage that makes it again", place.Shown(at.String()))
}

func collected(wants Wants) (all []Want, err error) {
	for want, err := range wants {
		if err != nil {
			return nil, err
		}
		all = append(all, want)
	}
	return all, nil
}

func wantsOf(all []Want) Wants {
	return func(yield func(Want, error) bool) {
		for _, want := range all {
			if !yield(want, nil) {
				return
			}
		}
	}
}

func withVersions(ctx context.Context, from *store.Store, wants []Want) error {
	numbers := make([]int, len(wants))
	for i := range numbers {
		numbers[i] = i
	}
	return store.Each(ctx, from.Parts(), numbers, func(ctx context.Context, i int) error {
		head, _, err := from.Head(ctx, wants[i].Object.Place(), "")
		wants[i].Object.Version = head.Version
		return err
	})
}

// pinOf is the digest of Signalbox over objects in the order of their keys.
func pinOf(at place.Place, wants []Want) string {
	lines := make([]string, len(wants))
	for i, want := range wants {
		o := want.Object
		lines[i] = fmt.Sprintf("%s\n%d\n%s\n%d\n%s", o.Key[len(at.Key):], o.Size, o.ETag, o.Modified.UnixMilli(), o.Version)
	}
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n\n")))
	return "sha256:" + hex.EncodeToString(sum[:])
}
