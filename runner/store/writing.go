package store

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/place"
)

// Begun is an upload in parts that may be gone on with: its id, and what S3 has of it by the parts' numbers.
type Begun struct {
	ID    string       `json:"id"`
	Parts map[int]Done `json:"parts"`
}

// Done is a part that S3 has.
type Done struct {
	ETag string `json:"etag"`
	Sum  string `json:"sum"`
}

// Note is told what an upload has come to, so that another process can go on with it.
type Note func(id string, number int, done Done)

// Put writes a small object whole. `once`: only where there is none of its name; what is there already counts where it is the same.
func (s *Store) Put(ctx context.Context, at place.Place, content []byte, once bool) error {
	input := func() *s3.PutObjectInput {
		made := &s3.PutObjectInput{Bucket: &at.Bucket, Key: &at.Key, Body: bytes.NewReader(content), ChecksumSHA256: aws.String(SumOf(content))}
		if once {
			made.IfNoneMatch = aws.String("*")
		}
		return made
	}
	err := s.persist(ctx, "write", at, func(ctx context.Context) error {
		_, err := s.api.PutObject(ctx, input())
		return err
	})
	if !errors.Is(err, ErrChanged) {
		return err
	}
	there, read := s.Small(ctx, at, int64(len(content)))
	if read == nil && bytes.Equal(there, content) {
		return nil
	}
	return cause.New(cause.Refused, "%s is there already and says something else: two processes of one pod write it; let one rank be the first", place.Shown(at.String()))
}

// Upload writes an object of this size and answers the SHA-256 of each of its parts. Each part is read once: what is sent is what
// the sum is of, whatever becomes of the file meanwhile.
func (s *Store) Upload(ctx context.Context, at place.Place, from io.ReaderAt, size int64, begun Begun, note Note) ([]string, error) {
	ranges := Ranges(size, PartSize(size))
	if len(ranges) <= 1 {
		return s.uploadWhole(ctx, at, from, size)
	}
	sums, err := s.uploadParts(ctx, at, from, ranges, begun, note)
	if err != nil && begun.ID != "" && errors.Is(err, ErrGone) {
		return s.uploadParts(ctx, at, from, ranges, Begun{}, note)
	}
	return sums, err
}

func (s *Store) uploadWhole(ctx context.Context, at place.Place, from io.ReaderAt, size int64) ([]string, error) {
	var sums []string
	err := s.withBuffer(ctx, size, func(buffer []byte) error {
		if err := readAt(from, buffer, 0); err != nil {
			return err
		}
		if size > 0 {
			sums = []string{SumOf(buffer)}
		}
		return s.Put(ctx, at, buffer, false)
	})
	return sums, err
}

func (s *Store) uploadParts(ctx context.Context, at place.Place, from io.ReaderAt, ranges []Range, begun Begun, note Note) ([]string, error) {
	id, err := s.begin(ctx, at, begun.ID)
	if err != nil {
		return nil, err
	}
	done := make([]Done, len(ranges))
	var open []Range
	for _, r := range ranges {
		if part, there := begun.Parts[r.Number]; there && begun.ID != "" {
			done[r.Number] = part
		} else {
			open = append(open, r)
		}
	}
	var access sync.Mutex
	if note != nil && begun.ID == "" {
		note(id, -1, Done{})
	}
	err = Each(ctx, s.Parts(), open, func(ctx context.Context, r Range) error {
		part, err := s.uploadPart(ctx, at, id, from, r)
		access.Lock()
		defer access.Unlock()
		if err == nil {
			done[r.Number] = part
			if note != nil {
				note(id, r.Number, part)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return sumsOf(done), s.complete(ctx, at, id, done)
}

func (s *Store) begin(ctx context.Context, at place.Place, id string) (string, error) {
	if id != "" {
		return id, nil
	}
	err := s.persist(ctx, "write", at, func(ctx context.Context) error {
		made, err := s.api.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &at.Bucket, Key: &at.Key, ChecksumAlgorithm: types.ChecksumAlgorithmSha256})
		if err == nil {
			id = aws.ToString(made.UploadId)
		}
		return err
	})
	return id, err
}

func (s *Store) uploadPart(ctx context.Context, at place.Place, id string, from io.ReaderAt, r Range) (done Done, err error) {
	err = s.withBuffer(ctx, r.Size, func(buffer []byte) error {
		if err := readAt(from, buffer, r.From); err != nil {
			return err
		}
		done.Sum = SumOf(buffer)
		return s.persist(ctx, "write", at, func(ctx context.Context) error {
			made, err := s.api.UploadPart(ctx, &s3.UploadPartInput{
				Bucket: &at.Bucket, Key: &at.Key, UploadId: &id, PartNumber: aws.Int32(int32(r.Number + 1)),
				Body: bytes.NewReader(buffer), ChecksumAlgorithm: types.ChecksumAlgorithmSha256, ChecksumSHA256: &done.Sum,
			})
			if err == nil {
				done.ETag = aws.ToString(made.ETag)
			}
			return err
		})
	})
	return done, err
}

func (s *Store) complete(ctx context.Context, at place.Place, id string, done []Done) error {
	parts := make([]types.CompletedPart, len(done))
	for i := range done {
		parts[i] = types.CompletedPart{ETag: &done[i].ETag, PartNumber: aws.Int32(int32(i + 1)), ChecksumSHA256: &done[i].Sum}
	}
	return s.persist(ctx, "write", at, func(ctx context.Context) error {
		_, err := s.api.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: &at.Bucket, Key: &at.Key, UploadId: &id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
		return err
	})
}

func sumsOf(done []Done) []string {
	sums := make([]string, len(done))
	for i, part := range done {
		sums[i] = part.Sum
	}
	return sums
}

// readAt fills the buffer. A file that has become shorter is being written.
func readAt(from io.ReaderAt, buffer []byte, at int64) error {
	if len(buffer) == 0 {
		return nil
	}
	read, err := from.ReadAt(buffer, at)
	if read == len(buffer) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return ErrShort
	}
	return err
}

// ErrShort is the reason where a file became shorter while it was read.
var ErrShort = errors.New("the file was changed while it was read")
