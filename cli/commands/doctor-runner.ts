import { createHash } from 'node:crypto'
import { RUNNER_PREFIX } from '../../core/policy/wrapped.ts'
import type { Policy } from '../../core/policy.ts'
import { programFor } from '../../core/workloads/runner.ts'
import { expectThat, type Finding, finding } from '../../effects/aws/checks.ts'
import type { Objects } from '../../flows/ports.ts'

/** More than any build of it has. Bytes. */
const LARGEST = 64 * 1024 * 1024

/**
 * Whether what stages fetch before their command is where the policy says, and is what it says: else each of them would end before it
 * begins, on GPUs that are paid for. Of an image that has it nothing is looked at: `pin` asks its registry.
 */
export const runnerFindings = async (
  objects: Pick<Objects, 'head' | 'stream'>,
  policy: Pick<Policy, 'runner' | 'results'>,
): Promise<Finding[]> => {
  const { sha256: known, prefix = RUNNER_PREFIX } = policy.runner ?? {}
  if (known === undefined) return []
  const { bucket } = policy.results
  return Promise.all(
    Object.entries(known).map(([processor, sha256]) => {
      const name = programFor(processor)
      const upload = `\`npm run build:runner\`, then \`aws s3 cp runner/dist/${name} s3://${bucket}/${prefix}\``
      return finding(
        name,
        `build and upload it: ${upload}; and write what runner/dist/sha256sums says into \`runner.sha256\``,
        async () => {
          const found = await digestAt(objects, bucket, `${prefix}${name}`)
          expectThat(found !== null, `it is not at s3://${bucket}/${prefix}${name}`)
          expectThat(
            found === sha256,
            `what is there has the SHA-256 ${found?.slice(0, 12)}…, and the policy says ${sha256.slice(0, 12)}…`,
          )
          return `is at s3://${bucket}/${prefix}${name}, as the policy says`
        },
      )
    }),
  )
}

/** What S3 itself knows of the whole, else what its bytes come to; null: it is not there. */
const digestAt = async (
  objects: Pick<Objects, 'head' | 'stream'>,
  bucket: string,
  key: string,
): Promise<string | null> => {
  const head = await objects.head(bucket, key)
  if (head === null || head.sha256 !== null) return head?.sha256 ?? null
  const found = await objects.stream(bucket, key, LARGEST)
  if (found === null) return null
  const hash = createHash('sha256')
  for await (const piece of found.pieces) hash.update(piece)
  return hash.digest('hex')
}
