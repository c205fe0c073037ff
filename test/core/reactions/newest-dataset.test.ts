import { describe, expect, it } from 'vitest'
import { emptyDocument } from '../../../core/lane/document.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { lookAtNewest, onNewest } from '../../../core/reactions/newest-dataset.ts'
import example from '../../../signalbox.config.ts'
import { piped } from '../../variants.ts'
import { desired } from '../training-fixture.ts'

const lane = 'pipeline/support-chats'
const policyOf = (on: object) => parsePolicy({ ...example, pipelines: { 'support-chats': { ...piped(), on } } })
const known = (on: object = piped().on, wanted: typeof desired | null = desired) => {
  const policy = policyOf(on)
  const rule = { lane, name: 'support-chats', mode: 'act' as const }
  return { policy, rule, doc: { ...emptyDocument(policy, lane), desired: wanted } }
}

describe('the newest dataset version', () => {
  it('is looked at where its lane read it last; before it runs, with all that it names', () => {
    expect(lookAtNewest(known())).toEqual({
      ...{ kind: 'manifest', bucket: 'acme-datasets', key: desired.key, prefix: 'support-chats/' },
      known: [desired.version],
    })
    expect(lookAtNewest({ ...known(), again: true })).toMatchObject({ known: [], beside: { version: desired.version } })
  })

  it('is nowhere to be looked for before there was one, and where its pipeline has no datasets', () => {
    expect(lookAtNewest(known(piped().on, null))).toEqual({ kind: 'nowhere' })
    expect(lookAtNewest(known({ hand: true }))).toEqual({ kind: 'nowhere' })
  })

  it('is none where its pipeline has no datasets, whatever its lane ran on before', () => {
    expect(onNewest({ kind: 'nowhere' }, known({ hand: true }))).toMatchObject({ kind: 'on', dataset: { key: '' } })
  })

  it('that cannot be read is no reason to run on another', () => {
    expect(onNewest({ kind: 'bad', detail: 'it is empty' }, known())).toMatchObject({
      kind: 'none',
      reason: 'no-dataset',
    })
  })
})
