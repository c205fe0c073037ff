import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { type Around, NOTHING_AROUND } from '../../../core/pods/around.ts'
import { unbegunSince } from '../../../core/pods/beginning.ts'
import { troubleOf } from '../../../core/pods/trouble.ts'
import { TRANSIENT_FAILURES } from '../../../core/reasons.ts'
import { eventIn, podIn } from './objects.ts'

const SINCE = Date.parse('2026-11-23T12:00:00Z')
const MINUTE = 60_000
const pod = podIn('not-begun')
const told = (...names: string[]): Around => ({ ...NOTHING_AROUND, events: names.map(eventIn) })
const trouble = (around: Around, one: V1Pod = pod, now = SINCE + 6 * MINUTE) => troubleOf(one, { around, now })

describe('a pod that its node does not begin', () => {
  it('has five minutes for a Secret that its volume names, as for one that its container names', () => {
    expect(trouble(told('told-attach', 'told-secret'))).toEqual({
      failure: 'configuration',
      endsAt: SINCE + 5 * MINUTE,
      note: 'what its volumes name is not there (FailedMount: MountVolume.SetUp failed for volume "hf" : secret "hf-token" not found): make it, or take it out of the policy',
    })
  })

  it('has as long as for anything else once that is no more told', () => {
    expect(trouble(told('told-secret'), pod, SINCE + 10 * MINUTE)).toMatchObject({
      failure: 'not-admitted',
      endsAt: SINCE + 15 * MINUTE,
    })
  })

  it.each([
    ['a volume that another node has', 'told-attach', 'FailedAttachVolume: Multi-Attach error'],
    ['a network without an address', 'told-sandbox', 'FailedCreatePodSandBox: Failed to create pod sandbox'],
  ])('has a quarter of an hour for %s, and then another node may do', (_, name, note) => {
    expect(trouble(told(name))).toEqual({
      failure: 'not-admitted',
      endsAt: SINCE + 15 * MINUTE,
      note: expect.stringContaining(`ip-10-0-1-7 has not begun it: a volume or the network is not ready (${note}`),
    })
    expect(TRANSIENT_FAILURES).toContain('not-admitted')
  })

  it('is known by its own status alone: where nothing is told it ends as late', () => {
    expect(trouble(NOTHING_AROUND)).toMatchObject({ failure: 'not-admitted', endsAt: SINCE + 15 * MINUTE })
    const ofAnother = { ...eventIn('told-secret'), involvedObject: { kind: 'Pod', uid: 'another' } }
    expect(trouble({ ...NOTHING_AROUND, events: [ofAnother] })?.failure).toBe('not-admitted')
  })

  it('is none that pulls its image, however long that takes, nor one that ran, has no node or an old kubelet', () => {
    const begun = (status: string) => ({
      type: 'PodReadyToStartContainers',
      status,
      lastTransitionTime: new Date(SINCE),
    })
    const of = (more: object, spec: object = {}) => ({
      ...pod,
      spec: { ...pod.spec!, ...spec },
      status: { ...pod.status, ...more },
    })
    const ran = { ...pod.status!.containerStatuses![0]!, lastState: { terminated: { exitCode: 0 } } }
    for (const one of [
      of({ conditions: [begun('True')] }),
      of({ conditions: [] }),
      of({ phase: 'Running' }),
      of({ containerStatuses: [ran] }),
      of({}, { nodeName: undefined }),
    ]) {
      expect(unbegunSince(one)).toBeNull()
      expect(trouble(told('told-secret'), one)).toBeNull()
    }
  })
})
