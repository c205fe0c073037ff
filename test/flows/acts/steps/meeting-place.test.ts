import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../../core/kube.ts'
import type { LaunchJobStep } from '../../../../core/plan.ts'
import { placeMade } from '../../../../core/steps/meeting-place.ts'
import { meet, meetAgain } from '../../../../flows/acts/steps/meeting-place.ts'
import type { WorkPorts } from '../../../../flows/ports.ts'
import { planRow } from '../../../core/lane/fixture.ts'

const SEEING = { secret: 'secret', now: 1000, handover: 60 }
const { job } = planRow.plan.steps[0] as LaunchJobStep
const template = { ...job.spec!.template, spec: { ...job.spec!.template.spec!, subdomain: job.metadata.name } }
const gang: KubeObject<'Job'> = {
  ...job,
  metadata: { ...job.metadata, uid: 'u' },
  spec: { ...job.spec!, completionMode: 'Indexed', completions: 2, template },
}
const place = placeMade(gang, SEEING.secret)!
const foreign: KubeObject = { ...place, metadata: { ...place.metadata, annotations: {} } }
const earlier: KubeObject = { ...place, metadata: { ...place.metadata, ownerReferences: [] } }

/** A cluster in which this Service stands, or that answers so to a POST; what was made there. */
const cluster = (there: KubeObject | null, denied?: object) => {
  const made: KubeObject[] = []
  const ports = {
    cluster: {
      get: async () => there,
      create: async (object: KubeObject) => {
        if (denied !== undefined) return denied
        if (there !== null) return { kind: 'exists', object: there }
        made.push(object)
        return { kind: 'created', object }
      },
    },
  } as unknown as Pick<WorkPorts, 'cluster'>
  return { ports, made }
}

describe('pods of a Job on several nodes', () => {
  it('meet where it makes them, once; those of one node need no place', async () => {
    const { ports, made } = cluster(null)
    expect(await meet(ports, SEEING, gang)).toBeNull()
    expect(await meet(ports, SEEING, job)).toBeNull()
    expect(made).toEqual([place])
    // An answer that was lost: the same again is success.
    expect(await meet(cluster(place).ports, SEEING, gang)).toBeNull()
  })

  it.each<[string, ReturnType<typeof cluster>, object]>([
    ['somebody else’s is there', cluster(foreign), { kind: 'failed', reason: 'name-taken' }],
    ['that of an earlier Job still goes', cluster(earlier), { kind: 'wait', why: 'deleting', until: 1060 }],
    [
      'the cluster refuses it',
      cluster(null, { kind: 'denied', status: 403, message: 'no Services here' }),
      { kind: 'failed', reason: 'denied', note: expect.stringContaining('(403): no Services here') },
    ],
  ])('do not begin where %s', async (_, { ports }, stepped) => {
    expect(await meet(ports, SEEING, gang)).toMatchObject(stepped)
  })

  it('get their place again where it is gone, and nobody else’s is touched', async () => {
    const [gone, there] = [cluster(null), cluster(foreign)]
    await meetAgain(gone.ports, SEEING, gang)
    await meetAgain(there.ports, SEEING, gang)
    await meetAgain(gone.ports, SEEING, job)
    expect([gone.made, there.made]).toEqual([[place], []])
  })
})
