import { expect, it } from 'vitest'
import { emptyDocument } from '../../../core/lane/document.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { lookAtVersion, onVersion, triggerIn } from '../../../core/reactions/newest-version.ts'
import example from '../../example.ts'
import { piped } from '../../variants.ts'
import { desired } from '../training-fixture.ts'

const { on: _, ...rest } = piped({ as: 'm-awq' })
const tag = { key: 'stage', value: 'candidate' }
const policy = parsePolicy({ ...example, pipelines: { quantize: { ...rest, on: { version: { model: 'm', tag } } } } })
const empty = emptyDocument(policy, 'pipeline/quantize')
const trigger = { model: 'm' }
const facts = {
  kind: 'version' as const,
  ...{ version: '7', source: 's3://b/m', runId: null, status: 'READY', requester: null, made: 9 },
}

it('looks where the policy says, at one version or the newest', () => {
  expect(triggerIn(policy, 'quantize')).toEqual({ model: 'm', tag })
  expect(triggerIn(policy, 'other')).toBeNull()
  expect(lookAtVersion({ model: 'm', tag }, null, policy)).toEqual({
    ...{ kind: 'version', model: 'm', version: null, tag, results: policy.results },
  })
})

it('is on the version as it is there, as it was known where nobody could look, and on none that is of no use', () => {
  const on = onVersion({ ...facts, pin: 'version:1', ours: true, by: 'support-chats' }, trigger, { doc: empty })
  const weights = { model: 'm', version: '7', made: 9, source: 's3://b/m', runId: null }
  expect(on).toEqual({ kind: 'on', weights: { ...weights, pin: 'version:1', ours: true, by: 'support-chats' } })
  expect(onVersion({ ...facts, adapter: true }, trigger, { doc: empty })).toMatchObject({ weights: { adapter: true } })
  const known = { ...empty, desired: { ...desired, weights: { ...weights, by: null } } }
  expect(onVersion({ kind: 'nowhere' }, trigger, { doc: known })).toMatchObject({ kind: 'on', weights })
  for (const none of [
    onVersion({ kind: 'nowhere' }, { model: 'other' }, { doc: known }),
    onVersion({ kind: 'none' }, trigger, { doc: known }),
    onVersion({ kind: 'none' }, { model: 'm', tag }, { doc: known, version: '7' }),
    onVersion({ kind: 'changed', version: '7' }, trigger, { doc: known }),
    onVersion({ ...facts, status: 'FAILED_REGISTRATION' }, trigger, { doc: known }),
    onVersion({ ...facts, source: `s3://b/${'x'.repeat(2000)}` }, trigger, { doc: known }),
  ])
    expect(none).toMatchObject({ kind: 'none', reason: 'no-version', detail: expect.stringMatching(/./) })
})
