import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { MARKER } from '../../../core/marker.ts'
import { label, runOnceName } from '../../../core/names.ts'
import { SELF } from '../../../core/rows.ts'
import { withToken } from '../../../core/steps/launch-job.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { openRequests, type Requests } from '../../../effects/cluster/requests.ts'
import { looseNow } from '../../../flows/orphans.ts'
import { resync } from '../../../flows/resync.ts'
import { readRow } from '../../../flows/rows.ts'
import { CATALOGUES } from '../../../functions/door.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { idleJob, openRealTown, ownPolicy, type RealTown } from '../real-town.ts'

const LANE = 'pipeline/support-chats'
const policy = ownPolicy(`ledgers-${process.pid}`)
const { training } = policy.namespaces
const foreign = `foreign-${process.pid}`

let admin: Requests
beforeAll(async () => {
  admin = await openRequests(loadKubeconfig({ file: inject('kubeconfig') }))
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: foreign } }
  await admin.send({ method: 'POST', path: '/api/v1/namespaces', body })
})
afterAll(async () => {
  await admin.send({ method: 'DELETE', path: `/api/v1/namespaces/${foreign}` })
  await admin.close()
})

const selfOf = async (town: RealTown) => {
  const { ledger = '', secret = '' } = (await readRow(town.house.ports.ledger, 'identity', SELF))?.value ?? {}
  return { ledger, secret }
}
const holder = async (): Promise<string> => {
  const path = `/api/v1/namespaces/${training}/configmaps/${MARKER}`
  return ((await admin.send({ method: 'GET', path })).body as KubeObject<'ConfigMap'>).data?.['ledger'] ?? ''
}
const jobsIn = async (town: RealTown, namespace: string): Promise<KubeObject<'Job'>[]> =>
  (await town.house.cluster.list('Job', { namespace, fresh: true })) as KubeObject<'Job'>[]

it('a second product beside the first is refused; spoofed labels wake, block and lose nothing; what nobody waits for goes', async () => {
  const town = await openRealTown({ policy })
  const { ledger, secret } = await selfOf(town)
  expect(await holder()).toBe(ledger)
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/one/', rows: ['{"a":1}'] })
  await town.answered(LANE)
  await town.until('its Job is there', async () => (await town.run(LANE))?.steps[0]?.made != null)

  // The same policy, the same cluster, an empty ledger: refused, and the Job that runs is left alone.
  const [first] = await jobsIn(town, training)
  await expect(openRealTown({ policy })).rejects.toThrow(/belongs to another ledger .*--adopt/)
  expect(await holder()).toBe(ledger)
  const there = (await jobsIn(town, training)).map(({ metadata }) => metadata.uid)
  expect(there).toContain(first?.metadata.uid)

  // The labels of the Job that runs, and its very name, in a namespace of somebody else.
  const wakes: string[] = []
  const wake = town.house.ports.queue.wake
  town.house.ports.queue.wake = async (group, id) => {
    if (id.startsWith('watch.')) wakes.push(id)
    return wake(group, id)
  }
  const { name, labels = {} } = (first as KubeObject<'Job'>).metadata
  const spoofed = await town.house.cluster.create(idleJob({ name, namespace: foreign, labels }))
  expect(spoofed.kind).toBe('created')
  const uid = spoofed.kind === 'created' ? spoofed.object.metadata.uid : ''
  const { state } = await town.settled(LANE)
  expect(state).toBe('succeeded')
  expect(wakes.filter((id) => id.includes(String(uid)))).toEqual([])
  expect(await jobsIn(town, foreign)).toHaveLength(1)

  // Late Jobs of the run that is over: one that may go, one that is held by a finalizer, and one that nobody knows.
  const lane = await town.lane(LANE)
  const ours = { [label('installation')]: policy.installation, [label('ledger')]: ledger }
  const late = (step: string, generation = 1) => runOnceName(lane, { generation, attempt: 1 }, step)
  const held = { name: late('held'), namespace: training, labels: ours, finalizers: ['example.com/hold'] }
  const made = (job: KubeObject) => withToken(job as KubeObject<'Job'>, secret)
  await town.house.cluster.create(made(idleJob(held)))
  await town.house.cluster.create(made(idleJob({ name: late('late'), namespace: training, labels: ours })))
  await town.house.cluster.create(idleJob({ name: late('spoofed'), namespace: training, labels: ours }))
  await town.house.cluster.create(idleJob({ name: late('unknown', 9), namespace: training, labels: ours }))
  await town.house.cluster.create(idleJob({ name: 'stray', namespace: training, labels: ours }))
  const later = { ...town.house.ports, clock: { now: () => Date.now() + 3_600_000 } }
  expect(await resync(later, CATALOGUES.reactions)).toMatchObject({ orphans: 2 })
  const idles = async () => (await jobsIn(town, training)).filter(({ spec }) => spec?.suspend === true)
  // The server deletes in the foreground: what has no pods goes a moment after it was asked to.
  await town.until('what may go is gone', async () =>
    (await idles()).every(({ metadata }) => metadata.name !== late('late')),
  )
  const left = await idles()
  expect(left.map(({ metadata }) => metadata.name).sort()).toEqual(
    [late('held'), late('spoofed'), late('unknown', 9), 'stray'].sort(),
  )
  expect(await jobsIn(town, foreign)).toHaveLength(1)
  const shown = (await looseNow(later)).map(({ ref, verdict }) => [ref.name, verdict.kind])
  expect(shown.sort()).toEqual(
    [
      ['stray', 'stranger'],
      [late('spoofed'), 'stranger'],
      [late('unknown', 9), 'stranger'],
    ].sort(),
  )
  await town.house.cluster.patch(
    { kind: 'Job', namespace: training, name: late('held') },
    left.find(({ metadata }) => metadata.name === late('held'))?.metadata.uid ?? '',
    { metadata: { finalizers: null } },
  )

  // It was moved: the other takes its place by a word, and the first writes nothing any more.
  const second = await openRealTown({ policy, adopt: true })
  expect(await holder()).toBe((await selfOf(second)).ledger)
  await town.until('the first no longer writes', async () => {
    const made = await town.house.ports.cluster
      .create(idleJob({ name: 'never', namespace: training }))
      .catch((error: Error) => error)
    const refused = made instanceof Error && /belongs to another ledger/.test(made.message)
    if (!refused && !(made instanceof Error) && made.kind === 'created')
      await town.house.cluster.delete(
        { kind: 'Job', namespace: training, name: 'never' },
        made.object.metadata.uid ?? '',
      )
    return refused
  })
  await second.close()
  await town.close()
}, 400_000)
