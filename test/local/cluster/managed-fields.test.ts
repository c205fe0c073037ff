import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { applyFields, type Owners, updateFields, withManagedFields } from '../../../local/cluster/managed-fields.ts'

const config = (data: Record<string, string>): KubeObject =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'serving' }, data }) as KubeObject

const dataOf = (object: KubeObject): Record<string, string> => (object as KubeObject<'ConfigMap'>).data ?? {}

/** What a manager last applied. */
type Wants = Record<string, Record<string, string>>

const turn = fc.record({
  manager: fc.constantFrom('ana', 'ben', 'eve'),
  data: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2')),
})

describe('server-side apply', () => {
  it('leaves exactly what the managers want together, or changes nothing and names who is in the way', () => {
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 20 }), (turns) => {
        let [live, owners, wants]: [KubeObject, Owners, Wants] = [config({}), {}, {}]
        for (const { manager, data } of turns) {
          const others = Object.entries(wants).filter(([other]) => other !== manager)
          const against = others.filter(([, theirs]) =>
            Object.entries(data).some(([key, value]) => key in theirs && theirs[key] !== value),
          )
          const merged = applyFields(live, owners, config(data), { manager })
          if (merged.kind === 'conflict') {
            expect(against.map(([other]) => other)).toContain(merged.manager)
            continue
          }
          expect(against).toEqual([])
          ;[live, owners, wants] = [merged.object, merged.owners, { ...wants, [manager]: data }]
          expect(dataOf(live)).toEqual(Object.assign({}, ...Object.values(wants)))
        }
      }),
    )
  })

  it('applied twice is applied once', () => {
    fc.assert(
      fc.property(turn, turn, (first, second) => {
        const one = applyFields(config({}), {}, config(first.data), { manager: first.manager })
        if (one.kind === 'conflict') throw new Error('nobody is there')
        const two = applyFields(one.object, one.owners, config(second.data), { manager: second.manager })
        if (two.kind === 'conflict') return
        expect(applyFields(two.object, two.owners, config(second.data), { manager: second.manager })).toEqual(two)
      }),
    )
  })

  it('removes a container with its last owner, and what the server had filled in for it', () => {
    const deployment = (names: string[]): KubeObject =>
      ({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'llm' },
        spec: { template: { spec: { containers: names.map((name) => ({ name, image: 'i' })) } } },
      }) as unknown as KubeObject
    const made = applyFields(deployment([]), {}, deployment(['main', 'side']), { manager: 'ana' })
    if (made.kind === 'conflict') throw new Error('nobody is there')
    const filled = structuredClone(made.object) as KubeObject<'Deployment'>
    for (const container of filled.spec?.template.spec?.containers ?? []) container.imagePullPolicy = 'IfNotPresent'
    const after = applyFields(filled, made.owners, deployment(['main']), { manager: 'ana' })
    expect(after).toMatchObject({
      object: {
        spec: { template: { spec: { containers: [{ name: 'main', image: 'i', imagePullPolicy: 'IfNotPresent' }] } } },
      },
    })
  })

  it('never touches its inputs', () => {
    const [live, owners] = [config({ a: '1' }), { 'ana Apply': ['data\na'] }]
    const before = JSON.stringify([live, owners])
    applyFields(live, owners, config({ b: '2' }), { manager: 'ana' })
    expect(JSON.stringify([live, owners])).toBe(before)
  })

  it('is shown as the server shows it: who owns which field, whoever has set it last', () => {
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'm-g1', namespace: 'serving' },
      spec: { template: { spec: { containers: [{ name: 'vllm', image: 'a', args: ['b'] }] } } },
    } as unknown as KubeObject
    const edited = structuredClone(deployment) as KubeObject<'Deployment'>
    Object.assign(edited.spec?.template.spec?.containers[0] ?? {}, { image: 'other' })
    const made = applyFields(deployment, {}, deployment, { manager: 'signalbox-workload' })
    const owners = made.kind === 'merged' ? updateFields(deployment, edited, made.owners, 'kubectl-set') : {}
    const shown = withManagedFields(edited, owners).metadata.managedFields ?? []
    const container = (fields: object) => ({
      'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"vllm"}': fields } } } },
    })
    expect(shown.map(({ manager, operation, fieldsV1 }) => [manager, operation, fieldsV1])).toEqual([
      ['signalbox-workload', 'Apply', container({ 'f:args': {}, 'f:name': {} })],
      ['kubectl-set', 'Update', container({ 'f:image': {} })],
    ])
  })
})
