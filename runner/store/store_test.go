package store

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"hash/crc64"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/place"
	"signalbox.dev/runner/standin"
)

func opened(t *testing.T) (*standin.S3, *Store) {
	s3 := standin.Open(t)
	made, err := Open(t.Context(), Options{Parts: 4, Patience: time.Minute, Say: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	made.pause = func(context.Context, int) {}
	return s3, made
}

func at(key string) place.Place { return place.Place{Bucket: "b", Key: key} }

func pattern(size int) []byte {
	bytes := make([]byte, size)
	for i := range bytes {
		bytes[i] = byte(i*7 + i>>13)
	}
	return bytes
}

func TestPartsCoverAnObjectExactlyAndAreFewEnough(t *testing.T) {
	for _, size := range []int64{0, 1, Part - 1, Part, Part + 1, 10 * Part, 10_000 * Part, 10_000*Part + 1, 5 << 40} {
		ranges, next := Ranges(size, PartSize(size)), int64(0)
		for i, r := range ranges {
			if r.Number != i || r.From != next || r.Size < 1 {
				t.Fatal(size, r)
			}
			next += r.Size
		}
		if next != size || len(ranges) > 10_000 {
			t.Error(size, next, len(ranges))
		}
	}
}

func TestWhatIsUploadedIsThere(t *testing.T) {
	s3, store := opened(t)
	for _, size := range []int{0, 1, Part, Part + 1, 3*Part + 5} {
		body := pattern(size)
		sums, err := store.Upload(t.Context(), at("x"), bytes.NewReader(body), int64(size), Begun{}, nil)
		got, _ := s3.Get("b/x")
		if err != nil || !bytes.Equal(got, body) || len(sums) != len(Ranges(int64(size), Part)) {
			t.Fatal(size, err, len(sums))
		}
		for i, r := range Ranges(int64(size), Part) {
			if sums[i] != SumOf(body[r.From:r.From+r.Size]) {
				t.Error(size, i)
			}
		}
	}
}

func TestAnUploadGoesOnWhereAnotherProcessStopped(t *testing.T) {
	s3, store := opened(t)
	body := pattern(4*Part + 1)
	begun := Begun{Parts: map[int]Done{}}
	ctx, stop := context.WithCancel(t.Context())
	note := func(id string, number int, done Done) {
		begun.ID = id
		if number >= 0 {
			begun.Parts[number] = done
		}
		if len(begun.Parts) == 2 {
			stop()
		}
	}
	if _, err := store.Upload(ctx, at("x"), bytes.NewReader(body), int64(len(body)), Begun{}, note); err == nil {
		t.Fatal("it was cut off and says nothing")
	}
	had := maps.Clone(begun.Parts)
	s3.Answer(func(r *http.Request) int {
		number, _ := strconv.Atoi(r.URL.Query().Get("partNumber"))
		if _, there := had[number-1]; there {
			t.Error("a part that S3 had was sent again", number)
		}
		return 0
	})
	if _, err := store.Upload(t.Context(), at("x"), bytes.NewReader(body), int64(len(body)), begun, note); err != nil {
		t.Fatal(err)
	}
	if got, _ := s3.Get("b/x"); !bytes.Equal(got, body) || len(had) < 2 {
		t.Error("another object", len(had))
	}
}

func TestAnUploadThatS3HasForgottenBeginsAnew(t *testing.T) {
	s3, store := opened(t)
	body := pattern(2*Part + 1)
	store.patience = 0
	if _, err := store.Upload(t.Context(), at("x"), bytes.NewReader(body), int64(len(body)), Begun{ID: "old", Parts: map[int]Done{0: {ETag: "e", Sum: SumOf(body[:Part])}}}, nil); err != nil {
		t.Fatal(err)
	}
	if got, _ := s3.Get("b/x"); !bytes.Equal(got, body) {
		t.Error("another object")
	}
}

func TestOutagesAreWaitedForAndRefusalsAreNot(t *testing.T) {
	s3, store := opened(t)
	s3.Set("b/x", []byte("hello"))
	for status, want := range map[int]int{500: 0, 503: 0, 429: 0, 403: cause.Denied, 404: cause.BadInput, 301: cause.BadInput, 400: cause.Refused} {
		asked := 0
		s3.Answer(func(*http.Request) int {
			if asked++; asked <= 4 || want != 0 {
				return status
			}
			return 0
		})
		if status == 403 {
			store.patience = 0
		}
		got, err := store.Small(t.Context(), at("x"), 100)
		store.patience = time.Minute
		if want == 0 && (err != nil || string(got) != "hello") || want != 0 && (err == nil || cause.Of(err).Code != want) {
			t.Errorf("%d gives %v after %d requests", status, err, asked)
		}
	}
}

func TestAnOutageBeyondPatienceIsSaidAsOne(t *testing.T) {
	s3, store := opened(t)
	store.patience = time.Millisecond
	s3.Answer(func(*http.Request) int { time.Sleep(time.Millisecond); return 503 })
	if _, err := store.Small(t.Context(), at("x"), 100); cause.Of(err).Code != cause.Away || !strings.Contains(err.Error(), "S3 does not answer") {
		t.Error(err)
	}
}

func TestAPieceIsOfTheObjectThatWasSeen(t *testing.T) {
	s3, store := opened(t)
	s3.Set("b/x", pattern(100))
	head, _, err := store.Head(t.Context(), at("x"), "")
	if err != nil {
		t.Fatal(err)
	}
	s3.Set("b/x", pattern(101)[1:])
	err = store.Piece(t.Context(), head, Range{Size: 100}, "", func([]byte) error { return nil })
	if !errors.Is(err, ErrChanged) || cause.Of(err).Code != cause.BadInput {
		t.Error(err)
	}
}

func TestADamagedPieceIsReadAgainThenRefused(t *testing.T) {
	s3, store := opened(t)
	body := pattern(100)
	s3.Set("b/x", body)
	spoilt := 2
	s3.Spoil = func(_ string, body []byte) []byte {
		if spoilt--; spoilt >= 0 {
			body[50]++
		}
		return body
	}
	object := Object{Bucket: "b", Key: "x", Size: 100}
	var got []byte
	take := func(bytes []byte) error { got = append([]byte{}, bytes...); return nil }
	if err := store.Piece(t.Context(), object, Range{Size: 100}, SumOf(body), take); err != nil || !bytes.Equal(got, body) {
		t.Fatal(err)
	}
	spoilt = 1000
	if err := store.Piece(t.Context(), object, Range{Size: 100}, SumOf(body), take); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

func TestAResultIsWrittenOnce(t *testing.T) {
	_, store := opened(t)
	for _, one := range []struct {
		text string
		code int
	}{{"a", 0}, {"a", 0}, {"b", cause.Refused}} {
		err := store.Put(t.Context(), at("result.json"), []byte(one.text), true)
		if (one.code == 0) != (err == nil) || err != nil && cause.Of(err).Code != one.code {
			t.Error(one, err)
		}
	}
}

func TestChecksumsAreThoseOfS3(t *testing.T) {
	// From the catalogue of CRCs: the check values of "123456789".
	for sum, want := range map[string]bool{
		"CRC64NVME:rosUhgp5mIg=": true, "CRC32:y/Q5Jg==": true, "CRC32C:4waSgw==": true, "MD5:JfnnlDI7RTiF9RgfGNJxDQ==": false, "CRC32:AAAAAA==": false, "": true,
	} {
		if got, err := Fits(strings.NewReader("123456789"), sum); err != nil || got != want {
			t.Error(sum, got, err)
		}
	}
	var whole [8]byte
	sum := crc64.Checksum([]byte("123456789"), crc64.MakeTable(nvme))
	for i := range whole {
		whole[i] = byte(sum >> (56 - 8*i))
	}
	if got := base64.StdEncoding.EncodeToString(whole[:]); got != "rosUhgp5mIg=" {
		t.Error("CRC-64/NVME of the catalogue is AE8B14860A799888", got)
	}
}

func TestAChecksumOfPartsIsNotTakenForOneOfAll(t *testing.T) {
	text := func(s string) *string { return &s }
	for _, one := range []struct {
		head s3.HeadObjectOutput
		want string
	}{
		{s3.HeadObjectOutput{ETag: text(`"a-2"`), ChecksumCRC32: text("SWwLlA==")}, ""},
		{s3.HeadObjectOutput{ETag: text(`"a-2"`), ChecksumCRC32: text("SWwLlA==-2"), ChecksumType: types.ChecksumTypeComposite}, ""},
		{s3.HeadObjectOutput{ETag: text(`"a-2"`), ChecksumCRC64NVME: text("x"), ChecksumType: types.ChecksumTypeFullObject}, "CRC64NVME:x"},
		{s3.HeadObjectOutput{ETag: text(`"a"`), ChecksumSHA256: text("x")}, "SHA256:x"},
		{s3.HeadObjectOutput{ETag: text(`"d41d8cd98f00b204e9800998ecf8427e"`)}, "MD5:1B2M2Y8AsgTpgAmY7PhCfg=="},
		{s3.HeadObjectOutput{ETag: text(`"d41d8cd98f00b204e9800998ecf8427e"`), ServerSideEncryption: types.ServerSideEncryptionAwsKms}, ""},
		{s3.HeadObjectOutput{}, ""},
	} {
		if got := checksumOf(&one.head); got != one.want {
			t.Errorf("%v gives %q", one.head, got)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	_, store := opened(t)
	under, most := make(chan int, 1), 0
	under <- 0
	sizes := make([]int, 200)
	for i := range sizes {
		sizes[i] = []int{0, 10, Part, Part + 1, 3 * Part}[i%5]
	}
	err := Each(t.Context(), 64, sizes, func(ctx context.Context, size int) error {
		return store.withBuffer(ctx, int64(size), func(buffer []byte) error {
			n := <-under + len(buffer)
			most = max(most, n)
			under <- n
			time.Sleep(100 * time.Microsecond)
			under <- <-under - len(buffer)
			return nil
		})
	})
	if err != nil || most > store.Parts()*Part || len(store.buffers) != store.Parts() {
		t.Error(most, err, len(store.buffers))
	}
}

func TestTheFirstFailureEndsAll(t *testing.T) {
	first := errors.New("first")
	ended := 0
	err := Each(t.Context(), 1, make([]int, 100), func(context.Context, int) error { ended++; return first })
	if !errors.Is(err, first) || ended > 2 {
		t.Error(err, ended)
	}
}
