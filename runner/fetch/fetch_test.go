package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/place"
	"signalbox.dev/runner/standin"
	"signalbox.dev/runner/store"
)

func opened(t *testing.T) (*standin.S3, *store.Store) {
	s3 := standin.Open(t)
	made, err := store.Open(t.Context(), store.Options{Parts: 4, Say: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	return s3, made
}

func at(key string) place.Place { return place.Place{Bucket: "b", Key: key} }

// wrote is what lies in a folder, by path; what this program notes down is left out.
func wrote(t *testing.T, folder string) map[string]string {
	found := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Name() == place.Own {
			return filepath.SkipDir
		}
		if err == nil && !entry.IsDir() {
			text, _ := os.ReadFile(path)
			relative, _ := filepath.Rel(folder, path)
			found[relative] = string(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAFolderIsBrought(t *testing.T) {
	s3, from := opened(t)
	s3.Page = 2
	s3.Set("b/data/", nil)
	for i := range 7 {
		s3.Set(fmt.Sprintf("b/data/d%d/f%d", i%3, i), fmt.Append(nil, i))
	}
	s3.Set("b/data-other/x", []byte("x"))
	to := t.TempDir()
	for round := range 2 {
		stats, err := Into(t.Context(), from, to, Listed(t.Context(), from, at("data")))
		if err != nil || stats.Objects != 7 || stats.There != int64(7*round) {
			t.Fatal(stats, err)
		}
	}
	if got := wrote(t, to); len(got) != 7 || got["d0/f6"] != "6" {
		t.Error(got)
	}
}

func TestOneObjectIsBroughtByItsName(t *testing.T) {
	s3, from := opened(t)
	s3.Set("b/data/x.jsonl", []byte("x"))
	to := t.TempDir()
	if _, err := Into(t.Context(), from, to, Listed(t.Context(), from, at("data/x.jsonl"))); err != nil || wrote(t, to)["x.jsonl"] != "x" {
		t.Error(err, wrote(t, to))
	}
}

func TestNothingThereIsAnError(t *testing.T) {
	_, from := opened(t)
	for _, key := range []string{"data", "data/", ""} {
		if _, err := Into(t.Context(), from, t.TempDir(), Listed(t.Context(), from, at(key))); err == nil || cause.Of(err).Code != cause.BadInput {
			t.Errorf("%q: %v", key, err)
		}
	}
}

func TestHostileKeysWriteNothingOutside(t *testing.T) {
	for _, key := range []string{"../escaped", "a/../../escaped", ".signalbox/fetched", "a//b", "./x", "a\nb"} {
		s3, from := opened(t)
		s3.Set("b/data/"+key, []byte("x"))
		folder := t.TempDir()
		_, err := Into(t.Context(), from, filepath.Join(folder, "in"), Listed(t.Context(), from, at("data")))
		if err == nil || cause.Of(err).Code != cause.BadInput {
			t.Errorf("%q: %v", key, err)
		}
		if got := wrote(t, folder); len(got) != 0 {
			t.Errorf("%q wrote %v", key, got)
		}
	}
}

func TestNamesThatCannotStandTogetherAreSaid(t *testing.T) {
	s3, from := opened(t)
	s3.Set("b/data/a", []byte("x"))
	s3.Set("b/data/a/b", []byte("x"))
	if _, err := Into(t.Context(), from, t.TempDir(), Listed(t.Context(), from, at("data"))); err == nil || cause.Of(err).Code != cause.BadInput {
		t.Error(err)
	}
}

func TestALinkInTheFolderLeadsNobodyOut(t *testing.T) {
	s3, from := opened(t)
	s3.Set("b/data/link/x", []byte("x"))
	outside, to := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(to, "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := Into(t.Context(), from, to, Listed(t.Context(), from, at("data"))); err == nil {
		t.Error("it followed the link")
	}
	if got := wrote(t, outside); len(got) != 0 {
		t.Error(got)
	}
}

func big() []byte { return bytes.Repeat([]byte("0123456789abcdef"), (3*store.Part+16)/16) }

func TestPiecesThatArrivedAreNotAskedForAgain(t *testing.T) {
	s3, from := opened(t)
	s3.Set("b/data/big", big())
	to := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	s3.Answer(func(r *http.Request) int {
		// The last piece never comes.
		if strings.HasPrefix(r.Header.Get("Range"), fmt.Sprintf("bytes=%d-", 3*store.Part)) {
			for text := ""; !strings.Contains(text, `"part":1`); time.Sleep(time.Millisecond) {
				bytes, _ := os.ReadFile(filepath.Join(to, journalFile))
				text = string(bytes)
			}
			stop()
		}
		return 0
	})
	s3.Parallel = true
	if _, err := Into(ctx, from, to, Listed(ctx, from, at("data"))); err == nil || len(wrote(t, to)) != 0 {
		t.Fatal("half of a file lies at its path", err)
	}
	s3.Answer(func(r *http.Request) int {
		if strings.HasPrefix(r.Header.Get("Range"), fmt.Sprintf("bytes=%d-", store.Part)) {
			t.Error("a piece that had arrived was asked for again")
		}
		return 0
	})
	if _, err := Into(t.Context(), from, to, Listed(t.Context(), from, at("data"))); err != nil || wrote(t, to)["big"] != string(big()) {
		t.Fatal(err)
	}
}

func TestAnObjectThatBecameAnotherIsBroughtAnew(t *testing.T) {
	s3, from := opened(t)
	s3.Set("b/data/x", []byte("one"))
	to := t.TempDir()
	for _, text := range []string{"one", "two"} {
		s3.Set("b/data/x", []byte(text))
		if _, err := Into(t.Context(), from, to, Listed(t.Context(), from, at("data"))); err != nil || wrote(t, to)["x"] != text {
			t.Error(err, wrote(t, to))
		}
	}
}

func TestDamageOnTheWayIsFound(t *testing.T) {
	s3, from := opened(t)
	s3.Set("b/data/big", big())
	s3.Spoil = func(_ string, body []byte) []byte {
		body[2*store.Part]++
		return body
	}
	to := t.TempDir()
	_, err := Into(t.Context(), from, to, Listed(t.Context(), from, at("data")))
	if err == nil || cause.Of(err).Code != cause.Away || len(wrote(t, to)) != 0 {
		t.Error(err)
	}
}

func dataset(manifest string) Dataset {
	sum := sha256.Sum256([]byte(manifest))
	return Dataset{Folder: at("data/"), Manifest: "manifest.json", Version: hex.EncodeToString(sum[:])}
}

func bring(t *testing.T, from *store.Store, to string, set Dataset) error {
	wants, err := ManifestOf(t.Context(), from, to, set)
	if err == nil {
		_, err = Into(t.Context(), from, to, wants)
	}
	return err
}

func TestADatasetIsWhatItsManifestNames(t *testing.T) {
	s3, from := opened(t)
	sum := sha256.Sum256([]byte("hello"))
	manifest := fmt.Sprintf(`{"version": 1, "note": {"a": [1]}, "objects": [{"key": "data/a", "size": 5, "sha256": %q}, {"key": "raw/b", "size": 1, "versionId": null}], "requestedBy": "T/U"}`, hex.EncodeToString(sum[:]))
	s3.Set("b/data/manifest.json", []byte(manifest))
	s3.Set("b/data/a", []byte("hello"))
	s3.Set("b/data/unnamed", []byte("x"))
	s3.Set("b/raw/b", []byte("b"))
	to := t.TempDir()
	if err := bring(t, from, to, dataset(manifest)); err != nil {
		t.Fatal(err)
	}
	if got := wrote(t, to); len(got) != 3 || got["a"] != "hello" || got["raw/b"] != "b" || got["manifest.json"] != manifest {
		t.Error(got)
	}
}

func TestADatasetThatIsAnotherIsRefused(t *testing.T) {
	for name, one := range map[string]struct{ manifest, version, a string }{
		"another manifest": {`{"version":1,"objects":[{"key":"data/a","size":5}]}`, strings.Repeat("0", 64), "hello"},
		"another size":     {`{"version":1,"objects":[{"key":"data/a","size":4}]}`, "", "hello"},
		"shorter":          {`{"version":1,"objects":[{"key":"data/a","size":6}]}`, "", "hello"},
		"another sum":      {`{"version":1,"objects":[{"key":"data/a","size":5,"sha256":"` + strings.Repeat("0", 64) + `"}]}`, "", "hello"},
		"not there":        {`{"version":1,"objects":[{"key":"data/b","size":5}]}`, "", "hello"},
		"a key outside":    {`{"version":1,"objects":[{"key":"data/../../a","size":5}]}`, "", "hello"},
		"its manifest":     {`{"version":1,"objects":[{"key":"data/manifest.json","size":5}]}`, "", "hello"},
		"named twice":      {`{"version":1,"objects":[{"key":"data/a","size":5},{"key":"data/a","size":5}]}`, "", "hello"},
		"no size":          {`{"version":1,"objects":[{"key":"data/a"}]}`, "", "hello"},
		"a huge size":      {`{"version":1,"objects":[{"key":"data/a","size":9223372036854775807}]}`, "", "hello"},
		"a negative size":  {`{"version":1,"objects":[{"key":"data/a","size":-1}]}`, "", "hello"},
		"no JSON":          {`{"version":1,"objects":[{"key":"data/a","si`, "", "hello"},
		"a list":           {`[]`, "", "hello"},
		"a bad version":    {`{"version":1,"objects":[]}`, "xyz", "hello"},
	} {
		s3, from := opened(t)
		s3.Set("b/data/manifest.json", []byte(one.manifest))
		s3.Set("b/data/a", []byte(one.a))
		set := dataset(one.manifest)
		if one.version != "" {
			set.Version = one.version
		}
		if err := bring(t, from, t.TempDir(), set); err == nil || cause.Of(err).Code != cause.BadInput {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatWasMeasuredIsWhatIsBrought(t *testing.T) {
	s3, from := opened(t)
	s3.Set("b/r/pod/out/model/a", []byte("a"))
	s3.Set("b/r/pod/out/model/b", []byte("b"))
	wants, err := collected(Listed(t.Context(), from, at("r/pod/out/model")))
	if err != nil {
		t.Fatal(err)
	}
	pin := pinOf(at("r/pod/out/model"), wants)
	for _, allowed := range []string{pin, "", "unpinned: more than 100,000 objects"} {
		if _, err := Pinned(t.Context(), from, at("r/pod/out/model"), allowed); err != nil {
			t.Error(allowed, err)
		}
	}
	s3.Set("b/r/pod/out/model/c", []byte("c"))
	for _, refused := range []string{pin, "sha256:0"} {
		if _, err := Pinned(t.Context(), from, at("r/pod/out/model"), refused); err == nil || cause.Of(err).Code != cause.BadInput {
			t.Error(refused, err)
		}
	}
}
