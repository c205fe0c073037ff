import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import type { LaunchJobStep } from '../../../core/plan.ts'
import { placeMade, whosePlace } from '../../../core/steps/meeting-place.ts'
import { trainPlan } from '../training-fixture.ts'

const SECRET = 'secret'
const [step] = trainPlan().steps as [LaunchJobStep]
const { metadata, spec } = step.job
const template = { ...spec!.template, spec: { ...spec!.template.spec!, subdomain: metadata.name } }
const gang: KubeObject<'Job'> = {
  ...step.job,
  metadata: { ...metadata, uid: 'job-uid' },
  spec: { ...spec!, completionMode: 'Indexed', completions: 2, template },
}
const place = placeMade(gang, SECRET)!

describe('where pods of a Job meet', () => {
  it('belongs to it, and so goes with it', () => {
    expect(place.metadata.ownerReferences).toEqual([
      { apiVersion: 'batch/v1', kind: 'Job', name: metadata.name, uid: 'job-uid', controller: true },
    ])
    expect(placeMade(step.job, SECRET)).toBeNull()
  })

  const found = (over: object = {}): KubeObject => ({ ...place, metadata: { ...place.metadata, uid: 'u', ...over } })
  it.each<[string, KubeObject, string]>([
    ['what was asked for', found(), 'ours'],
    ['that of an earlier Job of the name', found({ ownerReferences: [{ uid: 'other' }] }), 'earlier'],
    ['one that is being deleted', found({ deletionTimestamp: '2026-11-24T09:00:00Z' }), 'earlier'],
    ['somebody else’s', found({ annotations: {} }), 'other'],
    [
      'one with our token that leads elsewhere',
      found({ annotations: { ...place.metadata.annotations, 'signalbox.dev/digest': 'x' } }),
      'other',
    ],
  ])('%s is told apart', (_, one, whose) => {
    expect(whosePlace(one, place, SECRET)).toBe(whose)
  })

  it('is known by nobody who has another secret', () => {
    expect(whosePlace(place, place, 'another')).toBe('other')
  })
})
