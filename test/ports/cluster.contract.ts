import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { GPU, type KubeObject, type ObjectRef, refOf } from '../../core/kube.ts'
import { type Change, Unavailable } from '../../flows/ports.ts'
import { controllerPromises } from './cluster-controllers.contract.ts'
import { IMAGE, type OpenedCluster, objectsIn, type Trial, trialOf } from './cluster-objects.ts'
import { writePromises } from './cluster-writes.contract.ts'

/** What every implementation of `Cluster` promises, in the words of a real API server. */
export const clusterContract = (name: string, open: () => Promise<OpenedCluster>): void => {
  describe(`Cluster: ${name}`, () => {
    let trial: Trial
    beforeEach(async () => {
      trial = trialOf(await open())
    })
    afterEach(() => trial.opened.close())

    describe('create', () => {
      it('gives the object a uid, a revision, a time and generation 1', async () => {
        const { metadata } = await trial.created(trial.make.job('one'))
        expect(metadata.uid).toMatch(/^[0-9a-f-]{36}$/)
        expect(Number(metadata.resourceVersion)).toBeGreaterThan(0)
        expect(new Date(metadata.creationTimestamp ?? '').getTime()).toBeGreaterThan(0)
        expect(metadata.generation).toBe(1)
      })

      it('under a name that is taken answers what is there, and changes nothing', async () => {
        const first = await trial.created(trial.make.job('twice'))
        const again = await trial.opened.cluster.create(trial.make.job('twice', { backoffLimit: 3 }))
        expect(again).toMatchObject({ kind: 'exists', object: { metadata: { uid: first.metadata.uid } } })
        expect((await trial.read(first)).spec?.backoffLimit).toBe(0)
      })

      it.each<[string, (made: ReturnType<typeof objectsIn>) => KubeObject]>([
        ['a Job without containers', ({ job }) => job('bad', {}, { containers: [] })],
        ['a Job whose pods would restart for ever', ({ job }) => job('bad', {}, { restartPolicy: 'Always' })],
        ['a Job that does not say how its pods restart', ({ job }) => job('bad', {}, { restartPolicy: undefined })],
        ['a container without an image', ({ job }) => job('bad', {}, { containers: [{ name: 'main' }] })],
        ['a name that is no DNS name', ({ job }) => job('Bad_Name')],
        ['a Service name of more than 63 characters', ({ service }) => service('s'.repeat(64))],
        ['a name of more than 253 characters', ({ config }) => config('c'.repeat(254), {})],
        ['a label value with a slash', ({ service }) => service('bad', { lane: 'train/chats' })],
        ['a label value of more than 63 characters', ({ service }) => service('bad', { lane: 'x'.repeat(64) })],
        [
          'a Deployment that does not select its own pods',
          ({ deployment }) => deployment('bad', { selector: { matchLabels: { app: 'other' } } }),
        ],
        ['a Service without ports', ({ service }) => ({ ...service('bad'), spec: { ports: [] } }) as KubeObject],
        [
          'GPUs that are requested but not limited',
          ({ job }) =>
            job('bad', {}, { containers: [{ name: 'main', image: IMAGE, resources: { requests: { [GPU]: '1' } } }] }),
        ],
        [
          'half a GPU',
          ({ job }) =>
            job('bad', {}, { containers: [{ name: 'main', image: IMAGE, resources: { limits: { [GPU]: '500m' } } }] }),
        ],
      ])('refuses %s with 422 and a reason', async (_, object) => {
        const answer = await trial.opened.cluster.create(object(trial.make))
        expect(answer).toMatchObject({ kind: 'denied', status: 422 })
        expect((answer as { message: string }).message.length).toBeGreaterThan(20)
        expect(await trial.opened.cluster.get(refOf(object(trial.make)))).toBeNull()
      })

      it('is unavailable in a namespace that was not made, and for a kind that is not installed, with what to do', async () => {
        const { cluster } = trial.opened
        const lost = await cluster.create(objectsIn('nowhere').job('lost')).catch((error: unknown) => error)
        expect(lost).toBeInstanceOf(Unavailable)
        expect((lost as Error).message).toBe('the namespace nowhere is not there: run `signalbox bootstrap`')
        const old = cluster.create({ ...trial.make.job('old'), apiVersion: 'apps/v1' }).catch((error: unknown) => error)
        expect(await old).toBeInstanceOf(Unavailable)
        expect(((await old) as Error).message).toMatch(/knows no Job of apps\/v1: install/)
      })

      it('tells what it would answer, and makes nothing', async () => {
        const { make, opened } = trial
        expect(await opened.cluster.tryCreate(make.service('tried'))).toMatchObject({ kind: 'created' })
        expect(await opened.cluster.get(refOf(make.service('tried')))).toBeNull()
        const first = await trial.created(make.service('tried'))
        const again = await opened.cluster.tryCreate(make.service('tried'))
        expect(again).toMatchObject({ kind: 'exists', object: { metadata: { uid: first.metadata.uid } } })
        const bad = await opened.cluster.tryCreate(make.service('s'.repeat(64)))
        expect(bad).toMatchObject({ kind: 'denied', status: 422 })
        const lost = opened.cluster.tryCreate(objectsIn('nowhere').job('lost')).catch((error: unknown) => error)
        expect(await lost).toBeInstanceOf(Unavailable)
      })

      it('makes another object under the name of one that is gone', async () => {
        const first = await trial.created(trial.make.service('again'))
        await trial.opened.cluster.delete(refOf(first), first.metadata.uid ?? '')
        expect((await trial.created(trial.make.service('again'))).metadata.uid).not.toBe(first.metadata.uid)
      })

      it('gives a Service an address that stays', async () => {
        const service = await trial.created(trial.make.service('web'))
        expect(service.spec?.clusterIP).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
        expect(
          await trial.opened.cluster.patch(refOf(service), service.metadata.uid ?? '', {
            spec: { clusterIP: '10.0.0.9' },
          }),
        ).toMatchObject({ kind: 'denied', status: 422 })
      })
    })

    describe('get and list', () => {
      it('answer nothing for what is not there', async () => {
        const ref: ObjectRef = { kind: 'Job', namespace: trial.opened.namespace, name: 'nobody' }
        expect(await trial.opened.cluster.get(ref)).toBeNull()
        expect(
          await trial.opened.cluster.list('Job', { namespace: trial.opened.namespace, labels: { app: 'nobody' } }),
        ).toEqual([])
      })

      it('select by every label given, the whole value, in one namespace', async () => {
        for (const [name, labels] of [
          ['a', { team: 'ml', size: 'big' }],
          ['b', { team: 'ml' }],
          ['c', { team: 'ml-two', size: 'big' }],
        ] as const)
          await trial.created(trial.make.service(name, labels))
        const names = async (labels: Record<string, string>) =>
          (await trial.opened.cluster.list('Service', { namespace: trial.opened.namespace, labels })).map(
            ({ metadata }) => metadata.name,
          )
        expect(await names({ team: 'ml' })).toEqual(['a', 'b'])
        expect(await names({ team: 'ml', size: 'big' })).toEqual(['a'])
        expect(await trial.opened.cluster.list('Service', { namespace: 'nowhere', labels: { team: 'ml' } })).toEqual([])
      })

      it('keep of a list what is asked for, and nothing else', async () => {
        for (const name of ['a', 'b', 'c']) await trial.created(trial.make.service(name, { team: 'kept' }))
        const kept = await trial.opened.cluster.list('Service', {
          namespace: trial.opened.namespace,
          labels: { team: 'kept' },
          fresh: true,
          keep: ({ kind, metadata }) => kind === 'Service' && metadata.name !== 'b',
        })
        expect(kept.map(({ metadata }) => metadata.name)).toEqual(['a', 'c'])
      })
    })

    describe('watch', () => {
      it('tells what happens to matching objects from now on, in order, until it is stopped', async () => {
        await trial.created(trial.make.service('before', { team: 'ml' }))
        const changes: Change[] = []
        const watching = await trial.opened.cluster.watch({ labels: { team: 'ml' } }, (change) => changes.push(change))
        const told = () => changes.map(({ type, object }) => `${type} ${object.metadata.name}`)
        const web = await trial.created(trial.make.service('web', { team: 'ml' }))
        await trial.created(trial.make.service('other', { team: 'web' }))
        await trial.opened.cluster.patch(refOf(web), web.metadata.uid ?? '', { metadata: { annotations: { a: 'b' } } })
        await trial.opened.cluster.delete(refOf(web), web.metadata.uid ?? '')
        await trial.opened.settle(async () => told().length >= 3)
        expect(told()).toEqual(['ADDED web', 'MODIFIED web', 'DELETED web'])
        watching.stop()
        const late = await trial.created(trial.make.service('late', { team: 'ml' }))
        await trial.opened.settle(async () => (await trial.read(late)) !== null)
        expect(told()).toHaveLength(3)
      })

      it('tells of an object that no longer matches as deleted, and of one that begins to as added', async () => {
        const changes: Change[] = []
        const web = await trial.created(trial.make.service('web', { team: 'ml' }))
        await trial.opened.cluster.watch({ labels: { team: 'web' } }, (change) => changes.push(change))
        for (const team of ['web', 'ml'])
          await trial.opened.cluster.patch(refOf(web), web.metadata.uid ?? '', { metadata: { labels: { team } } })
        await trial.opened.settle(async () => changes.length >= 2)
        expect(changes.map(({ type }) => type)).toEqual(['ADDED', 'DELETED'])
      })

      it('tells of the namespaces that are named, and of no other', async () => {
        const changes: Change[] = []
        await trial.opened.cluster.watch({ namespaces: ['nowhere'] }, (change) => changes.push(change))
        const here = { namespaces: [trial.opened.namespace, 'nowhere'] }
        await trial.opened.cluster.watch(here, (change) => changes.push(change))
        const web = await trial.created(trial.make.service('web'))
        await trial.opened.settle(async () => changes.some(({ object }) => object.metadata.uid === web.metadata.uid))
        expect(changes.filter(({ object }) => object.metadata.uid === web.metadata.uid)).toHaveLength(1)
      })

      // Each kind is a connection of its own: between two kinds nothing says whose news comes first.
      it('sees revisions that grow within a kind and are never the same for two', async () => {
        const revisions: number[] = []
        const byKind: Record<string, number[]> = {}
        await trial.opened.cluster.watch({ labels: { team: 'ml' } }, ({ object }) => {
          const revision = Number(object.metadata.resourceVersion)
          revisions.push(revision)
          byKind[object.kind] = [...(byKind[object.kind] ?? []), revision]
        })
        await trial.created(trial.make.service('web', { team: 'ml' }))
        const job = trial.make.job('run')
        job.metadata.labels = { team: 'ml' }
        await trial.created(job)
        await trial.opened.settle(async () => revisions.length >= 2)
        for (const seen of Object.values(byKind)) expect(seen).toEqual([...seen].sort((a, b) => a - b))
        expect(new Set(revisions).size).toBe(revisions.length)
      })
    })

    writePromises(() => trial)
    controllerPromises(() => trial)
  })
}
