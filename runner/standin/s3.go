// Package standin is an S3 in memory for tests: what this program asks of one, and what goes wrong on purpose.
package standin

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// S3 is one bucket after the other, in memory.
type S3 struct {
	URL string
	// Parallel: what answers in its place may wait for other requests, and is called beside them.
	Parallel bool
	// Spoil may change what is read.
	Spoil func(key string, body []byte) []byte
	// Page is how many keys a list has at most.
	Page int

	access  sync.Mutex
	objects map[string][]byte
	parts   map[string]map[int][]byte
	times   map[string]time.Time
	asked   []string
	instead func(r *http.Request) int
}

// Open starts one that ends with the test, and says in the environment where it is.
func Open(t *testing.T) *S3 {
	made := &S3{Page: 1000, objects: map[string][]byte{}, parts: map[string]map[int][]byte{}, times: map[string]time.Time{}}
	server := httptest.NewServer(made)
	t.Cleanup(server.Close)
	made.URL = server.URL
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	} {
		t.Setenv(name, value)
	}
	return made
}

// Answer lets this answer in its place: a status, or 0 for none; nil: nothing does. It is called alone.
func (s *S3) Answer(instead func(r *http.Request) int) {
	s.access.Lock()
	defer s.access.Unlock()
	s.instead = instead
}

// Asked are methods and keys in their order.
func (s *S3) Asked() []string {
	s.access.Lock()
	defer s.access.Unlock()
	return slices.Clone(s.asked)
}

// Forgive forgets what was asked so far.
func (s *S3) Forgive() {
	s.access.Lock()
	defer s.access.Unlock()
	s.asked = nil
}

// Set puts an object at `bucket/key`.
func (s *S3) Set(at string, body []byte) {
	s.access.Lock()
	defer s.access.Unlock()
	s.objects[at], s.times[at] = body, time.Now().UTC().Truncate(time.Second)
}

// Get is what lies at `bucket/key`.
func (s *S3) Get(at string) ([]byte, bool) {
	s.access.Lock()
	defer s.access.Unlock()
	body, there := s.objects[at]
	return body, there
}

// Delete takes an object away.
func (s *S3) Delete(at string) {
	s.access.Lock()
	defer s.access.Unlock()
	delete(s.objects, at)
}

// Keys that begin so, in their order.
func (s *S3) Keys(begin string) []string {
	s.access.Lock()
	defer s.access.Unlock()
	return s.keys(begin)
}

func (s *S3) keys(begin string) (keys []string) {
	for key := range s.objects {
		if strings.HasPrefix(key, begin) {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	return keys
}

func (s *S3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.access.Lock()
	defer s.access.Unlock()
	at := strings.TrimPrefix(r.URL.Path, "/")
	s.asked = append(s.asked, r.Method+" "+at)
	if status := s.before(r); status != 0 {
		fail(w, status, "Wrong")
		return
	}
	query := r.URL.Query()
	switch {
	case r.Method == http.MethodGet && query.Get("list-type") == "2":
		s.list(w, at, query)
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		s.read(w, r, at)
	case r.Method == http.MethodPut:
		s.write(w, r, at)
	case query.Has("uploads"):
		id := fmt.Sprint("upload-", len(s.parts))
		s.parts[id] = map[int][]byte{}
		fmt.Fprintf(w, `<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>`, id)
	default:
		s.complete(w, at, query.Get("uploadId"))
	}
}

func (s *S3) before(r *http.Request) int {
	before := s.instead
	if before == nil {
		return 0
	}
	if s.Parallel {
		s.access.Unlock()
		defer s.access.Lock()
	}
	return before(r)
}

func (s *S3) read(w http.ResponseWriter, r *http.Request, at string) {
	body, there := s.objects[at]
	if !there {
		fail(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	if match := r.Header.Get("If-Match"); match != "" && strings.Trim(match, `"`) != tag(body) {
		fail(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	w.Header().Set("ETag", `"`+tag(body)+`"`)
	w.Header().Set("Last-Modified", s.times[at].Format(http.TimeFormat))
	if s.Spoil != nil && r.Method == http.MethodGet {
		body = s.Spoil(at, bytes.Clone(body))
	}
	status := http.StatusOK
	if from, to, found := strings.Cut(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-"); found {
		first, _ := strconv.Atoi(from)
		last, _ := strconv.Atoi(to)
		body, status = body[min(first, len(body)):min(last+1, len(body))], http.StatusPartialContent
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method == http.MethodGet {
		_, _ = w.Write(body)
	}
}

func (s *S3) write(w http.ResponseWriter, r *http.Request, at string) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	sum := sha256.Sum256(body)
	if told := r.Header.Get("x-amz-checksum-sha256"); told != base64.StdEncoding.EncodeToString(sum[:]) {
		fail(w, http.StatusBadRequest, "BadDigest")
		return
	}
	if _, there := s.objects[at]; there && r.Header.Get("If-None-Match") == "*" {
		fail(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	w.Header().Set("ETag", `"`+tag(body)+`"`)
	if id := r.URL.Query().Get("uploadId"); id != "" {
		number, _ := strconv.Atoi(r.URL.Query().Get("partNumber"))
		if s.parts[id] == nil {
			fail(w, http.StatusNotFound, "NoSuchUpload")
			return
		}
		s.parts[id][number] = body
		return
	}
	s.objects[at], s.times[at] = body, time.Now().UTC().Truncate(time.Second)
}

func (s *S3) complete(w http.ResponseWriter, at, id string) {
	if s.parts[id] == nil {
		fail(w, http.StatusNotFound, "NoSuchUpload")
		return
	}
	var whole []byte
	for number := 1; number <= len(s.parts[id]); number++ {
		whole = append(whole, s.parts[id][number]...)
	}
	s.objects[at], s.times[at] = whole, time.Now().UTC().Truncate(time.Second)
	delete(s.parts, id)
	fmt.Fprint(w, `<CompleteMultipartUploadResult></CompleteMultipartUploadResult>`)
}

// Forget takes all uploads away that are under way.
func (s *S3) Forget() {
	s.access.Lock()
	defer s.access.Unlock()
	clear(s.parts)
}

type listed struct {
	Key          string
	Size         int
	ETag         string
	LastModified string
}

type answer struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Contents              []listed
	CommonPrefixes        []struct{ Prefix string }
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
}

func (s *S3) list(w http.ResponseWriter, bucket string, query map[string][]string) {
	first := func(name string) string { return strings.Join(query[name], "") }
	bucket = strings.TrimSuffix(bucket, "/") + "/"
	var made answer
	seen := map[string]bool{}
	for _, at := range s.keys(bucket + first("prefix")) {
		key := strings.TrimPrefix(at, bucket)
		if key <= first("continuation-token") {
			continue
		}
		if end := strings.Index(key[len(first("prefix")):], "/"); first("delimiter") == "/" && end >= 0 {
			folder := key[:len(first("prefix"))+end+1]
			if !seen[folder] {
				seen[folder] = true
				made.CommonPrefixes = append(made.CommonPrefixes, struct{ Prefix string }{folder})
			}
			continue
		}
		if len(made.Contents) == s.Page {
			made.IsTruncated, made.NextContinuationToken = true, made.Contents[s.Page-1].Key
			break
		}
		made.Contents = append(made.Contents, listed{key, len(s.objects[at]), `"` + tag(s.objects[at]) + `"`, s.times[at].Format(time.RFC3339)})
	}
	_ = xml.NewEncoder(w).Encode(made)
}

func tag(body []byte) string {
	sum := md5.Sum(body)
	return hex.EncodeToString(sum[:])
}

func fail(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `<Error><Code>%s</Code><Message>on purpose</Message></Error>`, code)
}
