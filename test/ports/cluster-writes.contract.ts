import { describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { Unavailable } from '../../flows/ports.ts'
import { IMAGE, objectsIn, type Trial } from './cluster-objects.ts'

/** What `Cluster` promises of writes to objects that may be there: apply, patch and delete. */
export const writePromises = (trial: () => Trial): void => {
  describe('apply', () => {
    it('makes what is not there, and the same again counts no generation', async () => {
      const first = await trial().applied(trial().make.deployment('llm'), 'signalbox-workload')
      expect(first.metadata.generation).toBe(1)
      const again = await trial().applied(trial().make.deployment('llm'), 'signalbox-workload')
      expect(again.metadata.uid).toBe(first.metadata.uid)
      expect(again.metadata.generation).toBe(1)
    })

    it('again with the same values keeps the revision', async () => {
      const first = await trial().applied(trial().make.config('settings', { a: '1' }), 'signalbox-workload')
      const again = await trial().applied(trial().make.config('settings', { a: '1' }), 'signalbox-workload')
      expect(again.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
    })

    it('lets each manager own its concern: replicas are the scale manager’s', async () => {
      await trial().applied(trial().make.deployment('llm'), 'signalbox-workload')
      await trial().applied(trial().replicas('llm', 3), 'signalbox-scale')
      const after = await trial().applied(trial().make.deployment('llm', { minReadySeconds: 5 }), 'signalbox-workload')
      expect(after.spec).toMatchObject({ replicas: 3, minReadySeconds: 5 })
      expect((await trial().applied(trial().replicas('llm', 1), 'signalbox-scale')).spec?.minReadySeconds).toBe(5)
    })

    it('of another value than another manager’s is a conflict that names it and the field, and changes nothing', async () => {
      await trial().applied(trial().make.deployment('llm'), 'signalbox-workload')
      const scaled = await trial().applied(trial().replicas('llm', 2), 'signalbox-scale')
      const answer = await trial().opened.cluster.apply(
        trial().make.deployment('llm', { replicas: 5, minReadySeconds: 9 }),
        'signalbox-workload',
      )
      expect(answer).toEqual({ kind: 'conflict', manager: 'signalbox-scale', fields: ['.spec.replicas'] })
      const after = await trial().read(scaled)
      expect(after.spec?.replicas).toBe(2)
      expect(after.spec?.minReadySeconds).toBeFalsy()
    })

    it('that is forced takes what others have set otherwise, and nothing else of theirs', async () => {
      await trial().applied(trial().make.deployment('llm', { replicas: 5, minReadySeconds: 9 }), 'signalbox-workload')
      const forced = await trial().opened.cluster.apply(trial().replicas('llm', 2), 'signalbox-scale', 'forced')
      expect(forced).toMatchObject({ kind: 'applied', object: { spec: { replicas: 2, minReadySeconds: 9 } } })
      // It is the other's no more.
      expect((await trial().applied(trial().replicas('llm', 3), 'signalbox-scale')).spec?.replicas).toBe(3)
      expect(
        await trial().opened.cluster.apply(trial().make.deployment('llm', { replicas: 5 }), 'signalbox-workload'),
      ).toMatchObject({ kind: 'conflict', manager: 'signalbox-scale', fields: ['.spec.replicas'] })
    })

    it('of the same value owns it together: neither can change it alone', async () => {
      await trial().applied(trial().make.deployment('llm', { replicas: 2 }), 'signalbox-workload')
      await trial().applied(trial().replicas('llm', 2), 'signalbox-scale')
      expect(await trial().opened.cluster.apply(trial().replicas('llm', 4), 'signalbox-scale')).toMatchObject({
        kind: 'conflict',
        manager: 'signalbox-workload',
      })
      await trial().applied(trial().make.deployment('llm'), 'signalbox-workload')
      expect((await trial().applied(trial().replicas('llm', 4), 'signalbox-scale')).spec?.replicas).toBe(4)
    })

    it('removes what its manager owned and leaves out, unless another owns it too', async () => {
      await trial().applied(trial().make.config('settings', { mine: '1', ours: '2' }), 'signalbox-workload')
      await trial().applied(trial().make.config('settings', { ours: '2', theirs: '3' }), 'signalbox-scale')
      const after = await trial().applied(trial().make.config('settings', {}), 'signalbox-workload')
      expect(after.data).toEqual({ ours: '2', theirs: '3' })
    })

    it('that releases a field with a default leaves the default', async () => {
      await trial().applied(trial().make.deployment('llm'), 'signalbox-workload')
      await trial().applied(trial().replicas('llm', 3), 'signalbox-scale')
      const { apiVersion, kind, metadata } = trial().replicas('llm', 3)
      expect(
        (await trial().applied({ apiVersion, kind, metadata } as KubeObject<'Deployment'>, 'signalbox-scale')).spec
          ?.replicas,
      ).toBe(1)
    })

    it('knows containers and their variables by name', async () => {
      const container = (env: object[]) => ({ containers: [{ name: 'main', image: IMAGE, env }] })
      const one = [{ name: 'ONE', value: '1' }]
      const two = [{ name: 'TWO', value: '2' }]
      await trial().applied(
        trial().make.deployment('llm', {}, container([...one, { name: 'OLD', value: 'x' }])),
        'signalbox-workload',
      )
      await trial().applied(trial().make.deployment('llm', {}, container(two)), 'signalbox-scale')
      const after = await trial().applied(trial().make.deployment('llm', {}, container(one)), 'signalbox-workload')
      expect(after.spec?.template.spec?.containers).toHaveLength(1)
      expect(after.spec?.template.spec?.containers[0]?.env?.map(({ name }) => name).sort()).toEqual(['ONE', 'TWO'])
      const conflict = await trial().opened.cluster.apply(
        trial().make.deployment('llm', {}, container([{ name: 'ONE', value: '9' }])),
        'signalbox-scale',
      )
      expect(conflict).toMatchObject({
        kind: 'conflict',
        manager: 'signalbox-workload',
        fields: ['.spec.template.spec.containers[name="main"].env[name="ONE"].value'],
      })
    })

    it('meets the fields that a POST set as its manager’s', async () => {
      await trial().created(trial().make.deployment('llm', { replicas: 2 }))
      expect(await trial().opened.cluster.apply(trial().replicas('llm', 3), 'signalbox-scale')).toMatchObject({
        kind: 'conflict',
        manager: 'signalbox-workload',
        fields: ['.spec.replicas'],
      })
    })

    it('refuses what may not change with 422, and is unavailable in a namespace that was not made', async () => {
      await trial().applied(trial().make.deployment('llm'), 'signalbox-workload')
      const other = { app: 'llm', track: 'canary' }
      const moved = trial().make.deployment('llm', { selector: { matchLabels: other } })
      const template = { ...moved.spec?.template, metadata: { labels: other } }
      expect(
        await trial().opened.cluster.apply(
          { ...moved, spec: { ...moved.spec, template } } as KubeObject,
          'signalbox-workload',
        ),
      ).toMatchObject({ kind: 'denied', status: 422 })
      const lost = trial().opened.cluster.apply(objectsIn('nowhere').deployment('llm'), 'signalbox-workload')
      await expect(lost).rejects.toThrow(Unavailable)
      await expect(lost).rejects.toThrow('the namespace nowhere is not there: run `signalbox bootstrap`')
    })

    it('counts a generation when the spec changes, and none when only labels do', async () => {
      await trial().applied(trial().make.deployment('llm', { minReadySeconds: 1 }), 'signalbox-workload')
      const spec = await trial().applied(trial().make.deployment('llm', { minReadySeconds: 2 }), 'signalbox-workload')
      expect(spec.metadata.generation).toBe(2)
      const labelled = trial().make.deployment('llm', { minReadySeconds: 2 })
      labelled.metadata.labels = { ...labelled.metadata.labels, stage: 'new' }
      expect((await trial().applied(labelled, 'signalbox-workload')).metadata.generation).toBe(2)
    })
  })

  describe('patch', () => {
    it('merges, removes what is null, and gives a new revision', async () => {
      const before = await trial().created(trial().make.config('settings', { a: '1', b: '2' }))
      expect(
        await trial().opened.cluster.patch(refOf(before), before.metadata.uid ?? '', { data: { a: null, c: '3' } }),
      ).toBe('patched')
      const after = await trial().read(before)
      expect(after.data).toEqual({ b: '2', c: '3' })
      expect(Number(after.metadata.resourceVersion)).toBeGreaterThan(Number(before.metadata.resourceVersion))
    })

    it('that names a revision changes nothing that has moved on since', async () => {
      const before = await trial().created(trial().make.config('settings', { a: '1' }))
      const { uid = '', resourceVersion = '' } = before.metadata
      const named = (a: string) =>
        trial().opened.cluster.patch(refOf(before), uid, { metadata: { resourceVersion }, data: { a } })
      expect(await Promise.all([named('2'), named('3')]).then((answers) => answers.sort())).toEqual([
        'moved',
        'patched',
      ])
      expect(await named('4')).toBe('moved')
      expect((await trial().read(before)).data?.['a']).toMatch(/^[23]$/)
    })

    it('touches no other object of the name', async () => {
      const before = await trial().created(trial().make.config('settings', { a: '1' }))
      const other = '00000000-0000-4000-8000-000000000000'
      expect(await trial().opened.cluster.patch(refOf(before), other, { data: { a: '9' } })).toBe('gone')
      expect(await trial().opened.cluster.patch({ ...refOf(before), name: 'nobody' }, other, { data: {} })).toBe('gone')
      expect((await trial().read(before)).data).toEqual({ a: '1' })
    })

    it('refuses to change a Job’s template with 422', async () => {
      const job = await trial().created(trial().make.job('fixed'))
      const change = { spec: { template: { spec: { containers: [{ name: 'main', image: 'other' }] } } } }
      expect(await trial().opened.cluster.patch(refOf(job), job.metadata.uid ?? '', change)).toMatchObject({
        kind: 'denied',
        status: 422,
      })
    })

    it('does not write the status', async () => {
      const job = await trial().created(trial().make.job('honest'))
      await trial().opened.cluster.patch(refOf(job), job.metadata.uid ?? '', {
        status: { succeeded: 7 },
        metadata: { annotations: { seen: 'yes' } },
      })
      const after = await trial().read(job)
      expect(after.metadata.annotations?.['seen']).toBe('yes')
      expect(after.status?.succeeded).not.toBe(7)
    })
  })

  describe('delete', () => {
    it('removes the object with this uid, once', async () => {
      const service = await trial().created(trial().make.service('web'))
      expect(await trial().opened.cluster.delete(refOf(service), '00000000-0000-4000-8000-000000000000')).toBe('gone')
      expect(await trial().read(service)).not.toBeNull()
      expect(await trial().opened.cluster.delete(refOf(service), service.metadata.uid ?? '')).toBe('deleted')
      expect(await trial().read(service)).toBeNull()
      expect(await trial().opened.cluster.delete(refOf(service), service.metadata.uid ?? '')).toBe('gone')
    })
  })
}
