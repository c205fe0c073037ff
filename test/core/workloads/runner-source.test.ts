import { expect, it } from 'vitest'
import { runnerSource } from '../../../core/workloads/runner-source.ts'

const results = { bucket: 'acme-results', prefix: 'results/' }
const image = `acme/runner@sha256:${'ab'.repeat(32)}`
const sha256 = { amd64: '1'.repeat(64), arm64: '2'.repeat(64) }

it('is the image that has the program, or where in the bucket of results that lies, and by which digests it runs', () => {
  expect(runnerSource({ results, runner: { image } })).toEqual({ image })
  expect(runnerSource({ results, runner: { image, sha256 } })).toEqual({
    image,
    uri: 's3://acme-results/signalbox-run',
    sha256,
  })
  expect(runnerSource({ results, runner: { image, sha256, prefix: 'a/b/' } })).toMatchObject({
    uri: 's3://acme-results/a/b',
  })
})

it('is nowhere where no policy says it', () => {
  expect(() => runnerSource({ results })).toThrow('the policy does not')
})
