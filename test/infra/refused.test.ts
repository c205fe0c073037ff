import { expect, it } from 'vitest'
import config from '../example.ts'
import { piped } from '../variants.ts'
import { synth } from './synth.ts'

/** A policy whose datasets are in so many buckets. */
const inBuckets = (count: number) => {
  const pipelines = Array.from({ length: count }, (_, n) => [`d-${n}`, piped({ bucket: `acme-datasets-${n}` })])
  return { ...config, pipelines: Object.fromEntries(pipelines) }
}

it.each([
  ['1ml', 'is "1ml", but CloudFormation wants its stacks to begin with a letter'],
  ['a'.repeat(50), 'IAM allows 64 characters for a role'],
  ['a'.repeat(34), 'use at most 33 lower-case letters, digits and dashes'],
  ['default', '`default` is a bus that each account has'],
  ['aws-ml', 'parameters that begin with `aws` or `ssm` are AWS’s own'],
])('the installation %s is refused with what is allowed and why', (installation, said) => {
  expect(() => synth(`named-${installation}`, { ...config, installation })).toThrow(said)
})

it('the longest name is one that fits', () => {
  expect(() => synth('longest', { ...config, installation: 'a'.repeat(33) })).not.toThrow()
})

it('as many buckets as the policy of a role takes are taken, and one sentence says when they are too many', () => {
  expect(() => synth('buckets-75', inBuckets(75))).not.toThrow()
  expect(() => synth('buckets-130', inBuckets(130))).toThrow(
    /^signalbox\.config\.ts: .* role of \S+ needs a policy of about \d+ characters, and IAM takes 10240: put datasets into fewer buckets/,
  )
})
