import { describe, expect, it } from 'vitest'
import type { KubeObject, ObjectRef } from '../../../../core/kube.ts'
import type { Stepped } from '../../../../core/lane/stepping.ts'
import type { LaunchJobStep } from '../../../../core/plan.ts'
import { placeMade } from '../../../../core/steps/meeting-place.ts'
import { mayMeet, meetAgain, meetOrEnd, withApart } from '../../../../flows/acts/steps/meeting-place.ts'
import { NotAllowed, type WorkPorts } from '../../../../flows/ports.ts'
import { planRow } from '../../../core/lane/fixture.ts'

const NOW = Date.UTC(2026, 10, 1)
const SEEING = { secret: 'secret', now: NOW, handover: 60 }
const { job } = planRow.plan.steps[0] as LaunchJobStep
const template = { ...job.spec!.template, spec: { ...job.spec!.template.spec!, subdomain: job.metadata.name } }
const gang: KubeObject<'Job'> = {
  ...job,
  metadata: { ...job.metadata, uid: 'u', creationTimestamp: new Date(NOW) },
  spec: { ...job.spec!, completionMode: 'Indexed', completions: 2, template },
}
/** One that is there for longer than it takes to begin. */
const older = { ...gang, metadata: { ...gang.metadata, creationTimestamp: new Date(NOW - 20 * 60_000) } }
const place = placeMade(gang, SEEING.secret)!
const foreign: KubeObject = { ...place, metadata: { ...place.metadata, annotations: {} } }
const earlier: KubeObject = { ...place, metadata: { ...place.metadata, ownerReferences: [] } }

/** A cluster in which this Service stands, or that answers so to a POST; what was made there, and ended. Its Job is not. */
const cluster = (there: KubeObject | null, denied?: object | Error) => {
  const [made, ended]: [KubeObject[], string[]] = [[], []]
  const CREATED = { kind: 'created' }
  const answer = (object: KubeObject): object => {
    expect(object.metadata.name).toBe(place.metadata.name)
    if (denied instanceof Error) throw denied
    return denied ?? (there === null ? CREATED : { kind: 'exists', object: there })
  }
  const ports = {
    cluster: {
      get: async ({ kind }: ObjectRef) => (kind === 'Job' ? null : there),
      tryCreate: async (object: KubeObject) => answer(object),
      create: async (object: KubeObject) => {
        const given = answer(object)
        if (given === CREATED) made.push(object)
        return given
      },
      delete: async ({ name }: ObjectRef, uid: string) => ended.push(`${name} ${uid}`),
    },
  } as unknown as Pick<WorkPorts, 'cluster'>
  return { ports, made, ended }
}

describe('pods of a Job on several nodes', () => {
  it('meet where it makes them, once; those of one node need no place', async () => {
    const { ports, made, ended } = cluster(null)
    expect(await meetOrEnd(ports, SEEING, gang)).toBeNull()
    expect(await meetOrEnd(ports, SEEING, job)).toBeNull()
    expect([made, ended]).toEqual([[place], []])
    // An answer that was lost: the same again is success.
    expect(await meetOrEnd(cluster(place).ports, SEEING, gang)).toBeNull()
  })

  const going = { kind: 'wait', why: 'deleting', until: NOW + 60 }
  it.each<[string, ReturnType<typeof cluster>, object]>([
    ['somebody else’s is there', cluster(foreign), { kind: 'failed', reason: 'name-taken' }],
    ['that of an earlier Job still goes', cluster(earlier), going],
    [
      'the cluster refuses it',
      cluster(null, { kind: 'denied', status: 403, message: 'no Services here' }),
      { kind: 'failed', reason: 'denied', note: expect.stringContaining('(403): no Services here') },
    ],
  ])(
    'do not begin where %s; where their Job is there by then it is ended again, and one that has begun goes on',
    async (_, { ports, ended }, answer) => {
      expect(await mayMeet(ports, SEEING, gang)).toMatchObject(answer)
      expect(ended).toEqual([])
      expect(await meetOrEnd(ports, SEEING, gang)).toMatchObject(answer)
      expect(ended).toEqual([`${gang.metadata.name} u`])
      expect(await meetOrEnd(ports, SEEING, older)).toMatchObject({ kind: 'apart' })
      expect(ended).toHaveLength(1)
    },
  )

  it('do not begin where nobody may say whether they would meet, and are looked at again where they have', async () => {
    const { ports, ended } = cluster(null, new NotAllowed('services is forbidden'))
    await expect(mayMeet(ports, SEEING, gang)).rejects.toThrow('services is forbidden')
    await expect(meetOrEnd(ports, SEEING, gang)).rejects.toThrow('services is forbidden')
    expect(ended).toEqual([`${gang.metadata.name} u`])
    const note = 'its pods do not find each other yet: services is forbidden'
    expect(await meetOrEnd(ports, SEEING, older)).toEqual({ kind: 'apart', note })
    expect(await meetAgain(ports, SEEING, gang)).toBe(note)
    const wait: Stepped = { kind: 'wait', note: 'all 2 run', until: null, running: true }
    expect(withApart(wait, note, 1000)).toEqual({ ...wait, note: `${note}; all 2 run`, until: 61_000 })
    expect(withApart(wait, null, 1000)).toBe(wait)
    const own = cluster(null, new Error('ours'))
    await expect(meetOrEnd(own.ports, SEEING, gang)).rejects.toThrow('ours')
    await expect(meetOrEnd(own.ports, SEEING, older)).rejects.toThrow('ours')
    expect(own.ended).toHaveLength(1)
  })

  it('may meet where nothing of their place is there; those of one node need none, and of a Job that is there nobody asks', async () => {
    expect(await mayMeet(cluster(null).ports, SEEING, gang)).toBeNull()
    expect(await mayMeet(cluster(foreign).ports, SEEING, job)).toBeNull()
    const { ports } = cluster(foreign)
    ports.cluster.get = async () => gang
    expect(await mayMeet(ports, SEEING, gang)).toBeNull()
    // One that was ended again: its name is free once it is gone.
    ports.cluster.get = async () => ({ ...gang, metadata: { ...gang.metadata, deletionTimestamp: new Date(NOW) } })
    expect(await mayMeet(ports, SEEING, gang)).toMatchObject(going)
  })

  it('get their place again where it is gone, and nobody else’s is touched', async () => {
    const [gone, there] = [cluster(null), cluster(foreign)]
    expect(await meetAgain(gone.ports, SEEING, gang)).toBeNull()
    expect(await meetAgain(there.ports, SEEING, gang)).toContain('see who made it')
    expect(await meetAgain(gone.ports, SEEING, job)).toBeNull()
    expect(await meetAgain(cluster(place).ports, SEEING, gang)).toBeNull()
    expect([gone.made, there.made]).toEqual([[place], []])
  })
})
