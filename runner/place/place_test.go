package place

import (
	"strings"
	"testing"

	"signalbox.dev/runner/cause"
)

func TestKeysThatLeadElsewhereAreRefused(t *testing.T) {
	for _, key := range []string{
		"data/../x", "data/..", "data/./x", "data//x", "data//etc/passwd", "data/", "data/a\x00b", "data/a\nb", "data/a\u202eb",
		"data/\xff", "data/.signalbox/fetched", "other/x", "data/" + strings.Repeat("a", 256), "data/" + strings.Repeat("a/", 1600) + "b", "data/a\u2028b",
	} {
		if path, err := Relative("data/", key); err == nil || cause.Of(err).Code != cause.BadInput {
			t.Errorf("%q became %q", key, path)
		}
	}
}

func TestOrdinaryKeysArePaths(t *testing.T) {
	for key, path := range map[string]string{"data/a": "a", "data/a/b c.jsonl": "a/b c.jsonl", "data/…/ü": "…/ü", "data/..a": "..a", "data/~": "~"} {
		if got, err := Relative("data/", key); err != nil || got != path {
			t.Errorf("%q became %q, %v", key, got, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	for _, text := range []string{"", "s3://", "s3:///x", "s3://UPPER/x", "http://a/b", "s3://a/b\n", "file:///etc/passwd", "s3://ab"} {
		if at, err := Parse(text); err == nil {
			t.Errorf("%q is taken as %v", text, at)
		}
	}
	at, err := Parse("s3://bucket/a/b/")
	if err != nil || at.Below("c", "d").String() != "s3://bucket/a/b/c/d" || at.Folder() != "a/b/" {
		t.Error(at, err)
	}
	if root, _ := Parse("s3://bucket"); root.Below("x").Key != "x" || root.Folder() != "" {
		t.Error(root)
	}
}

func FuzzNoKeyLeadsOut(f *testing.F) {
	f.Add("data/../../etc")
	f.Fuzz(func(t *testing.T, key string) {
		path, err := Relative("data/", key)
		if err == nil && (strings.HasPrefix(path, "/") || strings.Contains("/"+path+"/", "/../") || strings.ContainsAny(path, "\x00\n")) {
			t.Errorf("%q became %q", key, path)
		}
	})
}
