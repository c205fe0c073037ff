import { expect, it } from 'vitest'
import { podAdmission } from '../../../core/bootstrap/admission-of-pods.ts'
import { label } from '../../../core/names.ts'
import { TRAINING_ACCOUNT } from '../../../core/workloads/accounts.ts'

const policies = podAdmission({ installation: 'ours', namespaces: { training: 'a', serving: 'b' } })

/** Evaluates the part of CEL that is used here, which JavaScript nearly shares. test/real/access asks a real server. */
const evaluate = (expression: string, given: { object: object; oldObject: object; resource: string }): boolean => {
  const js = expression
    .replace(/dyn\(([\w.]+)\)\[k\] == dyn\(([\w.]+)\)\[k\]/g, 'same($1[k], $2[k])')
    .replace(
      /(?:dyn\(([\w.]+)\)|([\w.]+))\.(all|exists)\(k, /g,
      (_, dyn, plain, all) => `${all}(${dyn ?? plain}, (k) => `,
    )
    .replace(/k in dyn\(([\w.]+)\)/g, 'k in $1')
    .replace(/has\(([\w.]+)\)/g, '($1 !== undefined)')
    .replace(/([\w.]+) in (\[[^\]]*\])/g, '$2.includes($1)')
  const judge = new Function('object', 'oldObject', 'request', 'all', 'exists', 'same', `return Boolean(${js})`)
  const all = (map: object, holds: (key: string) => boolean) => Object.keys(map).every(holds)
  const exists = (map: object, holds: (key: string) => boolean) => Object.keys(map).some(holds)
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)
  return judge(given.object, given.oldObject, { resource: { resource: given.resource } }, all, exists, same) as boolean
}

/** Whether the change asks for the right. */
const asks = (resource: string, oldObject: object, object: object): boolean =>
  ['ours', 'program'].every((name) =>
    evaluate(policies.find((one) => one.name === 'accounts')?.when[name] ?? '', { object, oldObject, resource }),
  )

interface Change {
  job?: object
  template?: object
  metadata?: object
  pod?: object
}
const job = ({ job: more = {}, template = {}, metadata = {}, pod = {} }: Change = {}) => ({
  metadata: { uid: 'u' },
  spec: {
    suspend: true,
    parallelism: 1,
    ...more,
    template: {
      metadata: {
        labels: { [label('lane')]: 'a' },
        annotations: { [label('input-model-train')]: 's3://a' },
        ...metadata,
      },
      spec: { serviceAccountName: TRAINING_ACCOUNT, nodeSelector: { 'karpenter.sh/nodepool': 'gpu' }, ...pod },
      ...template,
    },
  },
})

it.each<[string, Change]>([
  ['of a Job', { job: { ofALaterKubernetes: 1 } }],
  ['of its template', { template: { ofALaterKubernetes: 1 } }],
  ['of that’s metadata', { metadata: { ofALaterKubernetes: 1 } }],
  ['of its pods', { pod: { ofALaterKubernetes: { deep: [1] } } }],
])(
  'what a later Kubernetes adds to what may change %s is not free by itself, nor may it be taken away',
  (_what, change) => {
    expect(asks('jobs', job(), job(change))).toBe(true)
    expect(asks('jobs', job(change), job())).toBe(true)
    expect(asks('jobs', job(change), job(change))).toBe(false)
  },
)

it('what Kueue writes is free on Jobs, and on nothing else that makes pods', () => {
  const kueues = job({
    job: { suspend: false },
    metadata: {
      labels: { [label('lane')]: 'a', 'kueue.x-k8s.io/podset': 'main' },
      annotations: { [label('input-model-train')]: 's3://a', 'kueue.x-k8s.io/workload': 'w' },
    },
    pod: { nodeSelector: { 'karpenter.sh/nodepool': 'gpu', zone: 'a' }, tolerations: [{ key: 'spot' }], affinity: {} },
  })
  expect(asks('jobs', job(), kueues)).toBe(false)
  expect(asks('jobs', kueues, job())).toBe(false)
  expect(asks('deployments', job(), kueues)).toBe(true)
})

it('what was ours and is not any more has been changed, too', () => {
  const left = job({ metadata: {}, pod: { serviceAccountName: 'default' } })
  expect(asks('jobs', job(), { ...left, spec: { ...left.spec, template: { metadata: {}, spec: {} } } })).toBe(true)
})
