package fetch

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/place"
	"signalbox.dev/runner/store"
)

// Dataset is a folder of S3 and the manifest in it that says what belongs to it. Its version is the manifest's SHA-256 in hex.
type Dataset struct {
	Folder   place.Place
	Manifest string
	Version  string
}

// most objects of one manifest.
const mostObjects = 100_000

// largest object that S3 has, in bytes.
const largest = 50 << 40

// ManifestOf brings the manifest alone, and answers what it names. It is read piece by piece.
func ManifestOf(ctx context.Context, from *store.Store, to string, dataset Dataset) (Wants, error) {
	sum, err := hex.DecodeString(dataset.Version)
	if err != nil || (len(sum) != 32 && len(sum) != 0) {
		return nil, cause.New(cause.BadInput, "the version of a dataset is the SHA-256 of its manifest, 64 hex digits, and is %q", place.Shown(dataset.Version))
	}
	name, err := place.Relative("", dataset.Manifest)
	if err != nil {
		return nil, err
	}
	object, _, err := from.Head(ctx, dataset.Folder.Below(name), "")
	if err != nil {
		return nil, err
	}
	want := Want{Object: object, Path: name}
	if len(sum) > 0 {
		want.Sum = "SHA256:" + base64.StdEncoding.EncodeToString(sum)
	}
	if _, err := Into(ctx, from, to, func(yield func(Want, error) bool) { yield(want, nil) }); err != nil {
		return nil, err
	}
	return named(filepath.Join(to, name), dataset), nil
}

type objectNamed struct {
	Key       string  `json:"key"`
	Size      *int64  `json:"size"`
	VersionID *string `json:"versionId"`
	SHA256    *string `json:"sha256"`
}

func named(file string, dataset Dataset) Wants {
	return func(yield func(Want, error) bool) {
		from, err := os.Open(file)
		if err != nil {
			yield(Want{}, err)
			return
		}
		defer from.Close()
		paths := map[string]bool{dataset.Manifest: true}
		err = objectsIn(from, func(one objectNamed) (bool, error) {
			want, err := one.want(dataset.Folder)
			if err == nil && (paths[want.Path] || len(paths) > mostObjects) {
				err = cause.New(cause.BadInput, "the manifest names %q twice, or more than %d objects", place.Shown(want.Path), mostObjects)
			}
			if err != nil {
				return false, err
			}
			paths[want.Path] = true
			return yield(want, nil), nil
		})
		if err != nil {
			yield(Want{}, err)
		}
	}
}

// want: what lies elsewhere than beside the manifest has its whole key as its path.
func (n objectNamed) want(folder place.Place) (Want, error) {
	below := folder.Folder()
	if !strings.HasPrefix(n.Key, below) {
		below = ""
	}
	path, err := place.Relative(below, n.Key)
	if err != nil {
		return Want{}, err
	}
	if n.Size == nil || *n.Size < 0 || *n.Size > largest {
		return Want{}, cause.New(cause.BadInput, "the manifest does not say how many bytes %q has", place.Shown(n.Key))
	}
	made := Want{Object: store.Object{Bucket: folder.Bucket, Key: n.Key, Size: *n.Size}, Path: path}
	if n.VersionID != nil {
		made.Object.Version = *n.VersionID
	}
	if n.SHA256 != nil {
		sum, err := hex.DecodeString(*n.SHA256)
		if err != nil || len(sum) != 32 {
			return Want{}, cause.New(cause.BadInput, "the SHA-256 of %q in the manifest is no 64 hex digits", place.Shown(n.Key))
		}
		made.Sum = "SHA256:" + base64.StdEncoding.EncodeToString(sum)
	}
	return made, nil
}

// objectsIn reads `{"objects": [...]}` without holding it whole, until `take` has enough.
func objectsIn(from io.Reader, take func(objectNamed) (bool, error)) error {
	bad := func(err error) error {
		return cause.New(cause.BadInput, "the manifest cannot be read: write {\"version\":1,\"objects\":[{\"key\":…,\"size\":…}]} (%v)", err)
	}
	tokens := json.NewDecoder(from)
	if token, err := tokens.Token(); err != nil || token != json.Delim('{') {
		return bad(err)
	}
	for tokens.More() {
		key, err := tokens.Token()
		if err != nil {
			return bad(err)
		}
		if key != "objects" {
			var skipped json.RawMessage
			if err := tokens.Decode(&skipped); err != nil {
				return bad(err)
			}
			continue
		}
		if token, err := tokens.Token(); err != nil || token != json.Delim('[') {
			return bad(err)
		}
		for tokens.More() {
			var one objectNamed
			if err := tokens.Decode(&one); err != nil {
				return bad(err)
			}
			if more, err := take(one); err != nil || !more {
				return err
			}
		}
		_, _ = tokens.Token()
	}
	return nil
}
