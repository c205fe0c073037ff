import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { runnerFindings } from '../../../cli/commands/doctor-runner.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { NotAllowed, type Objects } from '../../../flows/ports.ts'
import config from '../../example.ts'

const image = `acme/aws@sha256:${'ab'.repeat(32)}`
const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
const sha256 = { amd64: digest('amd64'), arm64: digest('arm64') }
const policy = (runner?: object) => parsePolicy({ ...config, ...(runner === undefined ? {} : { runner }) })

/** A bucket of results with these; `isKnown`: S3 keeps the checksum of the whole. */
const bucket = (there: Record<string, string>, isKnown = false): Pick<Objects, 'head' | 'stream'> => {
  const head = async (of: string, key: string) => {
    expect(of).toBe('acme-results')
    const text = there[key]
    if (text === undefined) return null
    return { size: text.length, versionId: null, lastModified: 0, etag: '', sha256: isKnown ? digest(text) : null }
  }
  return {
    head,
    stream: async (of, key) => {
      const found = await head(of, key)
      async function* pieces() {
        for (const letter of there[key] ?? '') yield Buffer.from(letter)
      }
      return found === null ? null : { head: found, pieces: pieces() }
    },
  }
}
const said = async (objects: Pick<Objects, 'head' | 'stream'>, runner?: object): Promise<string[]> =>
  (await runnerFindings(objects, policy(runner))).map(({ check, ok, detail }) => `${ok} ${check}: ${detail}`)
const BOTH = { 'tools/signalbox-run-linux-amd64': 'amd64', 'tools/signalbox-run-linux-arm64': 'arm64' }

it('looks at nothing where nothing is fetched', async () => {
  expect(await said(bucket({}))).toEqual([])
  expect(await said(bucket({}), { image })).toEqual([])
})

it.each([true, false])(
  'finds each program where the policy says, by what S3 keeps of it or by its bytes',
  async (isKnown) => {
    expect(await said(bucket(BOTH, isKnown), { image, sha256, prefix: 'tools/' })).toEqual([
      'true signalbox-run-linux-amd64: is at s3://acme-results/tools/signalbox-run-linux-amd64, as the policy says',
      'true signalbox-run-linux-arm64: is at s3://acme-results/tools/signalbox-run-linux-arm64, as the policy says',
    ])
  },
)

it('says what is not there, or another, and what to do', async () => {
  const [amd64, arm64] = await said(bucket({ 'signalbox-run/signalbox-run-linux-arm64': 'other' }), { image, sha256 })
  expect(amd64).toBe(
    'false signalbox-run-linux-amd64: it is not at s3://acme-results/signalbox-run/signalbox-run-linux-amd64: build and upload it: `npm run build:runner`, then `aws s3 cp runner/dist/signalbox-run-linux-amd64 s3://acme-results/signalbox-run/`; and write what runner/dist/sha256sums says into `runner.sha256`',
  )
  expect(arm64).toContain(
    `what is there has the SHA-256 ${digest('other').slice(0, 12)}…, and the policy says ${sha256.arm64.slice(0, 12)}…: build and upload it`,
  )
})

it('says which right is missing to look', async () => {
  const refused = async () => Promise.reject(new NotAllowed('s3:GetObject is missing'))
  expect(await said({ head: refused, stream: refused }, { image, sha256 })).toEqual([
    expect.stringContaining('false signalbox-run-linux-amd64: NotAllowed: s3:GetObject is missing'),
    expect.stringContaining('false signalbox-run-linux-arm64: NotAllowed: s3:GetObject is missing'),
  ])
})
