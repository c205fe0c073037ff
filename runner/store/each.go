package store

import (
	"context"
	"iter"
	"slices"
	"sync"
)

// Each does the work for every item, so many side by side, and ends with the first that fails: the others are told to stop, and seen ended.
func Each[T any](ctx context.Context, many int, items []T, work func(context.Context, T) error) error {
	return EachOf(ctx, many, func(yield func(T, error) bool) {
		for item := range slices.Values(items) {
			if !yield(item, nil) {
				return
			}
		}
	}, work)
}

// EachOf does the same for items that come one after the other.
func EachOf[T any](ctx context.Context, many int, items iter.Seq2[T, error], work func(context.Context, T) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var workers sync.WaitGroup
	slots := make(chan struct{}, many)
	for item, err := range items {
		if err != nil {
			stop(err)
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		workers.Go(func() {
			defer func() { <-slots }()
			if err := work(ctx, item); err != nil {
				stop(err)
			}
		})
	}
	workers.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
