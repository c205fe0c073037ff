// Package store is S3 as the rest of this program knows it: parts of bounded size, checked on their way, tried again while it is away.
package store

import (
	"context"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"signalbox.dev/runner/cause"
)

// Part is how many bytes are read or written at once, where an object is not too large for S3's 10,000 parts of it.
const Part = 8 << 20

// Options of a store.
type Options struct {
	// Parts that are under way at once: times Part, the memory that data takes.
	Parts int
	// Patience with S3 that does not answer, counted from its last answer.
	Patience time.Duration
	Say      func(format string, args ...any)
}

// Store reads and writes S3. Safe for use side by side.
type Store struct {
	api      *s3.Client
	buffers  chan []byte
	lending  sync.Mutex
	patience time.Duration
	say      func(format string, args ...any)
	pause    func(ctx context.Context, tries int)
}

// Open makes a store by the SDK's own chain: Pod Identity in a pod, profiles and variables elsewhere. It asks nobody yet.
func Open(ctx context.Context, options Options) (*Store, error) {
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = options.Parts + 4
		t.ResponseHeaderTimeout = time.Minute
	})
	loaded, err := config.LoadDefaultConfig(ctx,
		config.WithHTTPClient(client),
		config.WithRetryer(func() aws.Retryer { return retry.AddWithMaxAttempts(retry.NewStandard(), 3) }))
	if err != nil {
		return nil, cause.New(cause.BadInput, "the settings of AWS cannot be read: %v", err)
	}
	if loaded.Region == "" {
		return nil, cause.New(cause.BadInput, "no region is set: say AWS_REGION, the region of the buckets")
	}
	api := s3.NewFromConfig(loaded, func(o *s3.Options) {
		// A stand-in has one name for all its buckets.
		o.UsePathStyle = os.Getenv("AWS_ENDPOINT_URL") != "" || os.Getenv("AWS_ENDPOINT_URL_S3") != ""
		o.DisableLogOutputChecksumValidationSkipped = true
	})
	made := &Store{api: api, buffers: make(chan []byte, options.Parts), patience: options.Patience, say: options.Say, pause: growing}
	for range options.Parts {
		made.buffers <- nil
	}
	return made, nil
}

// Parts that this store has under way at once, at most.
func (s *Store) Parts() int { return cap(s.buffers) }

// withBuffer lends one of a bounded number of buffers; a larger one in place of several. What failed may still be read by the
// transport: its buffer is not lent again.
func (s *Store) withBuffer(ctx context.Context, size int64, work func([]byte) error) error {
	buffer, places, err := s.lend(ctx, size)
	if err != nil {
		return err
	}
	if int64(cap(buffer)) < size {
		buffer = make([]byte, max(size, min(Part, 2*size)))
	}
	err = work(buffer[:size])
	if err != nil || places > 1 {
		buffer = nil
	}
	for range places {
		s.buffers <- buffer
		buffer = nil
	}
	return err
}

// lend takes as many places as the size needs, all or none: two that wait for each other's would wait for ever.
func (s *Store) lend(ctx context.Context, size int64) (buffer []byte, places int, err error) {
	needs := min(cap(s.buffers), max(1, int((size+Part-1)/Part)))
	s.lending.Lock()
	defer s.lending.Unlock()
	for ; places < needs; places++ {
		select {
		case one := <-s.buffers:
			if cap(one) > cap(buffer) {
				buffer = one
			}
		case <-ctx.Done():
			for range places {
				s.buffers <- nil
			}
			return nil, 0, context.Cause(ctx)
		}
	}
	return buffer, places, nil
}

func growing(ctx context.Context, tries int) {
	pause := min(30*time.Second, 200*time.Millisecond<<min(tries, 10))
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
