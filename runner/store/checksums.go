package store

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// nvme is the polynomial of CRC-64/NVME, mirrored as Go wants it.
const nvme = 0x9a6c9329ac4bc9b5

func rangeOf(r Range) string { return fmt.Sprintf("bytes=%d-%d", r.From, r.From+r.Size-1) }

// checksumOf is what a head says of the whole object: of parts alone it says nothing that could be compared. Who does not say which it
// is means the whole, unless it came in parts, of which its ETag tells by a dash.
func checksumOf(head *s3.HeadObjectOutput) string {
	inParts := strings.Contains(aws.ToString(head.ETag), "-")
	if head.ChecksumType == types.ChecksumTypeFullObject || (head.ChecksumType == "" && !inParts) {
		for _, one := range []struct {
			name string
			sum  *string
		}{{"SHA256", head.ChecksumSHA256}, {"CRC64NVME", head.ChecksumCRC64NVME}, {"CRC32C", head.ChecksumCRC32C}, {"CRC32", head.ChecksumCRC32}, {"SHA1", head.ChecksumSHA1}} {
			// What was put together of parts says how many, behind a dash.
			if sum := aws.ToString(one.sum); sum != "" && !strings.Contains(sum, "-") {
				return one.name + ":" + sum
			}
		}
	}
	tag := bare(head.ETag)
	plain := head.ServerSideEncryption == "" || head.ServerSideEncryption == types.ServerSideEncryptionAes256
	if bytes, err := hex.DecodeString(tag); err == nil && len(bytes) == md5.Size && plain && head.SSECustomerAlgorithm == nil {
		return "MD5:" + base64.StdEncoding.EncodeToString(bytes)
	}
	return ""
}

func hasher(algorithm string) hash.Hash {
	switch algorithm {
	case "SHA256":
		return sha256.New()
	case "SHA1":
		return sha1.New()
	case "CRC64NVME":
		return crc64.New(crc64.MakeTable(nvme))
	case "CRC32C":
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case "CRC32":
		return crc32.NewIEEE()
	default:
		return md5.New()
	}
}

// Fits says whether what is read has this checksum, `ALGORITHM:base64`; an empty one fits everything.
func Fits(from io.Reader, checksum string) (bool, error) {
	if checksum == "" {
		return true, nil
	}
	algorithm, sum, _ := strings.Cut(checksum, ":")
	hash := hasher(algorithm)
	if _, err := io.Copy(hash, from); err != nil {
		return false, err
	}
	return base64.StdEncoding.EncodeToString(hash.Sum(nil)) == sum, nil
}
