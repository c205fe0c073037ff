package store

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/place"
)

// ErrGone is the reason where an object, or a version of it, is not there.
var ErrGone = errors.New("it is not there")

// ErrChanged is the reason where an object is not the one that was seen before, or one of its name is there already.
var ErrChanged = errors.New("it is another by now")

// ErrDamaged is the reason where bytes are not those that were written.
var ErrDamaged = errors.New("it is damaged")

// Time of one request with its answer, and of rights that EKS may still be handing out.
const (
	ofOne    = 3 * time.Minute
	ofRights = 30 * time.Second
)

// persist does what a far side may be away for: again, with growing pauses, for as long as patience goes.
func (s *Store) persist(ctx context.Context, what string, at place.Place, work func(context.Context) error) error {
	began := time.Now()
	for tries := 0; ; tries++ {
		one, cancel := context.WithTimeout(ctx, ofOne)
		err := work(one)
		cancel()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		end := endOf(err, what, at)
		within := map[int]time.Duration{cause.Away: s.patience, cause.Denied: min(s.patience, ofRights)}[end.Code]
		damaged := errors.Is(err, ErrDamaged) && tries < 3
		if !damaged && time.Since(began) >= within {
			return end
		}
		if tries == 5 {
			s.say("%s; trying on for %s", end.Text, s.patience.Round(time.Second))
		}
		s.pause(ctx, tries)
	}
}

// endOf says what an error of the SDK is: whether another try may help, and what to do where not.
func endOf(err error, what string, at place.Place) *cause.Error {
	var known *cause.Error
	if errors.As(err, &known) {
		return known
	}
	code, status := codeOf(err)
	say := func(end int, why string, reason error) *cause.Error {
		made := cause.New(end, "%s %s: %s", what, place.Shown(at.String()), why)
		made.Err = reason
		return made
	}
	switch {
	case code == "NoSuchBucket":
		return say(cause.BadInput, "there is no such bucket: name another", ErrGone)
	case code == "NoSuchUpload":
		return say(cause.Away, "its upload is forgotten", ErrGone)
	case code == "NoSuchKey", code == "NotFound", code == "NoSuchVersion", status == http.StatusNotFound:
		return say(cause.BadInput, "it is not there", ErrGone)
	case code == "PreconditionFailed", code == "InvalidRange", status == http.StatusPreconditionFailed, status == http.StatusRequestedRangeNotSatisfiable:
		return say(cause.BadInput, "it was changed meanwhile: upload what belongs together before its manifest, and leave it", ErrChanged)
	case code == "PermanentRedirect", code == "AuthorizationHeaderMalformed", status == http.StatusMovedPermanently:
		return say(cause.BadInput, "the bucket lies in another region: set AWS_REGION to that", err)
	case isPassing(code, status):
		return say(cause.Away, "S3 does not answer ("+short(err)+")", err)
	case status == http.StatusForbidden, status == http.StatusUnauthorized:
		return say(cause.Denied, "the pod's role lacks the right ("+short(err)+"): see who may what in docs/deploy.md", err)
	default:
		return say(cause.Refused, "S3 refuses it ("+short(err)+")", err)
	}
}

func codeOf(err error) (string, int) {
	var api smithy.APIError
	var answer *smithyhttp.ResponseError
	code, status := "", 0
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	if errors.As(err, &answer) {
		status = answer.HTTPStatusCode()
	}
	return code, status
}

// isPassing says whether it may be otherwise in a moment: outages, throttling, and what was damaged on its way.
func isPassing(code string, status int) bool {
	switch code {
	case "SlowDown", "RequestTimeout", "BadDigest", "InternalError", "OperationAborted", "RequestTimeTooSkewed", "ExpiredToken", "IncompleteBody", "XAmzContentSHA256Mismatch":
		return true
	}
	return status == 0 || status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status == http.StatusConflict
}

// short is the last part of what the SDK says, which repeats each layer before it.
func short(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode() + ": " + cut(api.ErrorMessage())
	}
	parts := strings.Split(err.Error(), ", ")
	return cut(parts[len(parts)-1])
}

func cut(text string) string {
	if len(text) > 300 {
		return text[:300] + "…"
	}
	return text
}
