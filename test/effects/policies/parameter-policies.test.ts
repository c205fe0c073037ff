import type { SSMClient } from '@aws-sdk/client-ssm'
import { expect, it } from 'vitest'
import { parsePolicy } from '../../../core/policy.ts'
import { openParameterPolicies } from '../../../effects/policies/parameter-policies.ts'
import { NotAllowed, Unavailable } from '../../../flows/ports.ts'
import config from '../../example.ts'

const open = () => {
  const state = {
    at: 's3://b/one.json',
    now: 0,
    reads: 0,
    modified: 5,
    asked: 0,
    problems: [] as unknown[],
    error: null as Error | null,
  }
  const files: Record<string, string> = {
    'one.json': JSON.stringify(config),
    'two.json': JSON.stringify({ ...config, retries: 5 }),
    'bad.json': '{"pools": {}}',
    'broken.json': '{',
  }
  const client = {
    send: async () => {
      if (state.error !== null) throw state.error
      state.asked++
      return { Parameter: { Value: state.at, LastModifiedDate: new Date(state.modified) } }
    },
  } as unknown as SSMClient
  const policies = openParameterPolicies({
    client,
    parameter: '/signalbox/policy',
    clock: { now: () => state.now },
    onProblem: (error) => state.problems.push(error),
    objects: {
      read: async (_bucket, key) => {
        state.reads++
        const bytes = Buffer.from(files[key] ?? '')
        const head = { size: bytes.length, versionId: null, lastModified: 0, etag: '', sha256: null }
        return files[key] === undefined ? null : { head, bytes }
      },
    },
  })
  return { state, policies }
}

it('is the document that the parameter points to, read once while it stays the same', async () => {
  const { state, policies } = open()
  expect((await policies.load()).version).toBe(parsePolicy(config).version)
  state.now = 31_000
  await policies.load()
  expect(state.reads).toBe(1)
  state.at = 's3://b/two.json'
  expect((await policies.load()).retries).toBe(2)
  state.now = 62_000
  expect((await policies.load()).retries).toBe(5)
})

it.each(['s3://b/bad.json', 's3://b/broken.json', 's3://b/gone.json', 'nonsense'])(
  'a new document that cannot be taken (%s) leaves the last one in force, and is told',
  async (at) => {
    const { state, policies } = open()
    await policies.load()
    state.at = at
    state.now = 31_000
    expect((await policies.load()).retries).toBe(2)
    expect(state.problems).toHaveLength(1)
    const fresh = open()
    fresh.state.at = at
    await expect(fresh.policies.load()).rejects.toThrow()
  },
)

it('a parameter that may not be read is not allowed now, and leaves the policy in force', async () => {
  const { state, policies } = open()
  const denied = Object.assign(new Error('not authorized to perform: ssm:GetParameter'), {
    name: 'AccessDeniedException',
  })
  state.error = denied
  await expect(policies.load()).rejects.toBeInstanceOf(NotAllowed)
  state.error = null
  await policies.load()
  state.error = denied
  state.now = 31_000
  expect((await policies.load()).retries).toBe(2)
  expect(state.problems).toEqual([expect.any(NotAllowed)])
})

it('says when it was published, and is asked for at once where a later one is known of', async () => {
  const { state, policies } = open()
  expect((await policies.load()).published).toBe(5)
  expect((await policies.notBefore?.(5))?.retries).toBe(2)
  expect(state.asked).toBe(1)
  Object.assign(state, { at: 's3://b/two.json', modified: 7 })
  expect(await policies.notBefore?.(7)).toMatchObject({ retries: 5, published: 7 })
  // An earlier text, published since, is the newer one.
  Object.assign(state, { at: 's3://b/one.json', modified: 9 })
  expect(await policies.notBefore?.(8)).toMatchObject({ retries: 2, published: 9 })
  // The same text, published once more.
  state.modified = 11
  expect(await policies.notBefore?.(10)).toMatchObject({ retries: 2, published: 11 })
  expect(await policies.load()).toMatchObject({ published: 11 })
})

it('does not give an older one for a later one: neither while that is not told, nor where it does not hold together', async () => {
  const { state, policies } = open()
  await policies.load()
  await expect(policies.notBefore?.(6)).rejects.toBeInstanceOf(Unavailable)
  Object.assign(state, { at: 's3://b/bad.json', modified: 6 })
  await expect(policies.notBefore?.(6)).rejects.toBeInstanceOf(Unavailable)
  expect(await policies.load()).toMatchObject({ retries: 2, published: 5 })
})
