package store

// Range is a piece of an object: its number from 0, where it begins, and how many bytes it has.
type Range struct {
	Number     int
	From, Size int64
}

// most parts that S3 takes of one object.
const most = 10_000

// PartSize of an object: Part, and more only where that would be too many.
func PartSize(size int64) int64 {
	const step = 1 << 20
	return max(Part, (size+most*step-1)/(most*step)*step)
}

// Ranges of an object of this size, in their order; of an empty one none.
func Ranges(size, part int64) []Range {
	ranges := make([]Range, 0, (size+part-1)/part)
	for from := int64(0); from < size; from += part {
		ranges = append(ranges, Range{Number: len(ranges), From: from, Size: min(part, size-from)})
	}
	return ranges
}
