package store

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/place"
)

// Object is what S3 says of one.
type Object struct {
	Bucket, Key string
	Size        int64
	// ETag without quotes; empty: any.
	ETag string
	// Version; empty: the newest.
	Version  string
	Modified time.Time
}

// Place is where it lies.
func (o Object) Place() place.Place { return place.Place{Bucket: o.Bucket, Key: o.Key} }

// List gives all objects whose keys begin so, page by page, in their order.
func (s *Store) List(ctx context.Context, at place.Place) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		var next *string
		for {
			var page *s3.ListObjectsV2Output
			err := s.persist(ctx, "list", at, func(ctx context.Context) (err error) {
				page, err = s.api.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &at.Bucket, Prefix: &at.Key, ContinuationToken: next})
				return err
			})
			if err != nil {
				yield(Object{}, err)
				return
			}
			for _, one := range page.Contents {
				found := Object{Bucket: at.Bucket, Key: aws.ToString(one.Key), Size: aws.ToInt64(one.Size), ETag: bare(one.ETag), Modified: aws.ToTime(one.LastModified)}
				if !yield(found, nil) {
					return
				}
			}
			if next = page.NextContinuationToken; next == nil {
				return
			}
		}
	}
}

// Folders directly below what begins so: their whole keys, with a slash at the end.
func (s *Store) Folders(ctx context.Context, at place.Place) ([]string, error) {
	var found []string
	var next *string
	for {
		var page *s3.ListObjectsV2Output
		err := s.persist(ctx, "list", at, func(ctx context.Context) (err error) {
			page, err = s.api.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &at.Bucket, Prefix: &at.Key, Delimiter: aws.String("/"), ContinuationToken: next})
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, one := range page.CommonPrefixes {
			found = append(found, aws.ToString(one.Prefix))
		}
		if next = page.NextContinuationToken; next == nil {
			return found, nil
		}
	}
}

// Head is an object as it is now, and the checksum of all of it, `ALGORITHM:base64`, where S3 keeps one.
func (s *Store) Head(ctx context.Context, at place.Place, version string) (found Object, checksum string, err error) {
	err = s.persist(ctx, "look at", at, func(ctx context.Context) error {
		head, err := s.api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &at.Bucket, Key: &at.Key, VersionId: optional(version), ChecksumMode: types.ChecksumModeEnabled})
		if err != nil {
			return err
		}
		found = Object{Bucket: at.Bucket, Key: at.Key, Size: aws.ToInt64(head.ContentLength), ETag: bare(head.ETag), Version: aws.ToString(head.VersionId), Modified: aws.ToTime(head.LastModified)}
		checksum = checksumOf(head)
		return nil
	})
	return found, checksum, err
}

// Small is the whole of a small object. Larger ones are refused.
func (s *Store) Small(ctx context.Context, at place.Place, limit int64) (bytes []byte, err error) {
	err = s.persist(ctx, "read", at, func(ctx context.Context) error {
		answer, err := s.api.GetObject(ctx, &s3.GetObjectInput{Bucket: &at.Bucket, Key: &at.Key, ChecksumMode: types.ChecksumModeEnabled})
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		bytes, err = io.ReadAll(io.LimitReader(answer.Body, limit+1))
		if err == nil && int64(len(bytes)) > limit {
			return cause.New(cause.BadInput, "%s has more than %d bytes", place.Shown(at.String()), limit)
		}
		return err
	})
	return bytes, err
}

// Piece reads a range of an object and hands it on in a buffer that is the callee's until it returns. What is not the object that
// was seen is an end; what does not fit its SHA-256 (base64; empty: nobody knows it) is read again.
func (s *Store) Piece(ctx context.Context, of Object, r Range, sum string, take func([]byte) error) error {
	return s.withBuffer(ctx, r.Size, func(buffer []byte) error {
		err := s.persist(ctx, "read", of.Place(), func(ctx context.Context) error { return s.read(ctx, of, r, sum, buffer) })
		if err != nil {
			return err
		}
		return take(buffer)
	})
}

func (s *Store) read(ctx context.Context, of Object, r Range, sum string, buffer []byte) error {
	input := &s3.GetObjectInput{Bucket: &of.Bucket, Key: &of.Key, VersionId: optional(of.Version), IfMatch: optional(of.ETag), ChecksumMode: types.ChecksumModeEnabled}
	if r.Size != of.Size {
		input.Range = aws.String(rangeOf(r))
	}
	answer, err := s.api.GetObject(ctx, input)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if told := answer.ContentLength; told != nil && *told != r.Size {
		return cause.New(cause.BadInput, "%s has other than the %d bytes that it should have: upload it again, and its manifest after it", place.Shown(of.Place().String()), of.Size)
	}
	if _, err := io.ReadFull(answer.Body, buffer); err != nil {
		return err
	}
	// What S3 said of its checksum is compared at the end.
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if sum != "" && SumOf(buffer) != sum {
		made := cause.New(cause.BadInput, "%s is damaged from byte %d on: its SHA-256 is another", place.Shown(of.Place().String()), r.From)
		made.Err = ErrDamaged
		return made
	}
	return nil
}

// SumOf is the SHA-256 of bytes as S3 writes it.
func SumOf(bytes []byte) string {
	sum := sha256.Sum256(bytes)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func bare(tag *string) string { return strings.Trim(aws.ToString(tag), `"`) }

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
