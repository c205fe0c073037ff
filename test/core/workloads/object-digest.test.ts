import type { V1EnvVar } from '@kubernetes/client-node'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { label } from '../../../core/names.ts'
import { DIGEST_ANNOTATION, inputJobLabel, objectDigest, withDigest } from '../../../core/workloads/object-digest.ts'

const job = (over: Record<string, unknown> = {}): KubeObject<'Job'> =>
  ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'train-a-g1a1-train',
      namespace: 'training',
      labels: {
        [label('lane')]: 'train.a',
        [label('generation')]: '1',
        [label('attempt')]: '1',
        [label('plan')]: 'p1',
      },
    },
    spec: {
      template: {
        metadata: {
          labels: { [label('lane')]: 'train.a', [label('attempt')]: '1', [inputJobLabel('train')]: 'x' },
          annotations: { 'karpenter.sh/do-not-disrupt': 'true', [label('fence')]: '1.1' },
        },
        spec: { containers: [{ name: 'main', image: 'a@sha256:1' }] },
      },
    },
    ...over,
  }) as KubeObject<'Job'>

const changed = (change: (object: KubeObject<'Job'>) => void): KubeObject<'Job'> => {
  const object = structuredClone(job())
  change(object)
  return object
}

describe('the digest of an object', () => {
  const same: [string, (object: KubeObject<'Job'>) => void][] = [
    [
      'its name',
      (o) => {
        o.metadata.name = 'train-a-g2a3-train'
      },
    ],
    [
      'the generation, attempt and plan in its labels',
      (o) => {
        o.metadata.labels = { [label('lane')]: 'train.a', [label('generation')]: '9' }
      },
    ],
    [
      'the attempt in its pod template',
      (o) => {
        o.spec!.template.metadata!.labels = { [label('lane')]: 'train.a', [inputJobLabel('train')]: 'y' }
      },
    ],
    [
      'annotations of ours',
      (o) => {
        o.metadata.annotations = { [label('anything')]: '1' }
      },
    ],
    [
      'annotations of ours in its pod template',
      (o) => {
        delete o.spec!.template.metadata!.annotations![label('fence')]
      },
    ],
    [
      'a TTL that is set once its outcome is stored',
      (o) => {
        o.spec!.ttlSecondsAfterFinished = 60
      },
    ],
    [
      'a queue that suspends it',
      (o) => {
        o.spec!.suspend = true
      },
    ],
    [
      'what the server adds',
      (o) => {
        Object.assign(o.metadata, {
          uid: 'u',
          resourceVersion: '7',
          generation: 3,
          managedFields: [{}],
          creationTimestamp: new Date(0),
        })
      },
    ],
    [
      'its status',
      (o) => {
        o.status = { active: 1 }
      },
    ],
    [
      'a field that is undefined',
      (o) => {
        o.spec!.parallelism = undefined
      },
    ],
  ]
  it.each(same)('does not know %s', (_, change) => {
    expect(objectDigest(changed(change))).toBe(objectDigest(job()))
  })

  const different: [string, (object: KubeObject<'Job'>) => void][] = [
    [
      'its image',
      (o) => {
        o.spec!.template.spec!.containers[0]!.image = 'a@sha256:2'
      },
    ],
    [
      'its namespace',
      (o) => {
        o.metadata.namespace = 'elsewhere'
      },
    ],
    [
      'its kind',
      (o) => {
        ;(o as { kind: string }).kind = 'Pod'
      },
    ],
    [
      'the lane in its labels',
      (o) => {
        o.metadata.labels![label('lane')] = 'train.b'
      },
    ],
    [
      'annotations of others',
      (o) => {
        o.spec!.template.metadata!.annotations!['karpenter.sh/do-not-disrupt'] = 'false'
      },
    ],
    [
      'an argument',
      (o) => {
        o.spec!.template.spec!.containers[0]!.args = ['--epochs=4']
      },
    ],
    [
      'another container',
      (o) => {
        o.spec!.template.spec!.containers.push({ name: 'side' })
      },
    ],
    [
      "a field named suspend that is not a Job's own",
      (o) => {
        Object.assign(o.spec!.template.spec!, { suspend: true })
      },
    ],
  ]
  const told = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } })
  const env = (variables: object[], kind = 'Job') =>
    objectDigest({
      ...changed((o) => {
        o.spec!.template.spec!.containers[0]!.env = variables as V1EnvVar[]
      }),
      kind,
    } as unknown as KubeObject)
  const results = { name: 'RESULTS_URI', value: 's3://acme-results/results' }
  const model = "metadata.annotations['signalbox.dev/input-model-train']"

  it('leaves out by what a Job of ours is told its pod’s name and what it reads, and no variable of others that says as much', () => {
    const pin = "metadata.annotations['signalbox.dev/input-pin-train']"
    const ours = [told('POD_NAME', 'metadata.name'), told('TRAIN_URI', model), told('TRAIN_PIN', pin)]
    expect(env([results, ...ours])).toBe(env([results]))
    const others = [
      told('WANDB_NAME', 'metadata.name'),
      told('POD_NAME', 'metadata.uid'),
      told('BASE', model),
      told('TRAIN_PIN', model),
      told('X', "metadata.annotations['signalbox.dev/x']"),
    ]
    for (const other of others) expect([other.name, env([results, other])]).not.toEqual([other.name, env([results])])
    // What serves, or stands beside, is told nothing by us.
    for (const one of ours) {
      expect(env([results, one], 'Deployment')).not.toBe(env([results], 'Deployment'))
      expect(env([one])).not.toBe(env([]))
    }
  })

  it('knows labels and annotations like ours wherever somebody else says them', () => {
    const pod = (over: object) => objectDigest(changed((o) => Object.assign(o.spec!.template.spec!, over)))
    const near = (plan: string) => ({
      affinity: { podAffinity: { labelSelector: { matchLabels: { [label('plan')]: plan } } } },
    })
    const claim = (x: string) => ({
      volumes: [{ ephemeral: { volumeClaimTemplate: { metadata: { annotations: { [label('x')]: x } } } } }],
    })
    for (const say of [near, claim]) expect(pod(say('a'))).not.toBe(pod(say('b')))
  })

  it.each(different)('changes with %s', (_, change) => {
    expect(objectDigest(changed(change))).not.toBe(objectDigest(job()))
  })

  it("leaves the generation out of a Deployment's selector, but not out of the selector of a Service", () => {
    const deployment = (generation: string) =>
      ({
        ...job(),
        kind: 'Deployment',
        spec: { selector: { matchLabels: { [label('generation')]: generation } } },
      }) as unknown as KubeObject
    const service = (generation: string) =>
      ({
        ...job(),
        kind: 'Service',
        spec: { selector: { [label('generation')]: generation } },
      }) as unknown as KubeObject
    expect(objectDigest(deployment('1'))).toBe(objectDigest(deployment('2')))
    expect(objectDigest(service('1'))).not.toBe(objectDigest(service('2')))
  })

  it('does not depend on the order of keys, for any object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (spec) => {
        const backwards = Object.fromEntries(Object.entries(spec).reverse())
        expect(objectDigest(job({ spec: backwards }))).toBe(objectDigest(job({ spec })))
      }),
    )
  })
})

describe('an object that is sent', () => {
  it('carries its own digest, which does not change it', () => {
    const sent = withDigest(job())
    expect(sent.metadata.annotations).toEqual({ [DIGEST_ANNOTATION]: objectDigest(job()) })
    expect(objectDigest(sent)).toBe(objectDigest(job()))
    expect(withDigest(sent)).toEqual(sent)
  })

  it('keeps the annotations that it had, and the original is not touched', () => {
    const original = job()
    original.metadata.annotations = { theirs: 'kept' }
    expect(withDigest(original).metadata.annotations).toMatchObject({ theirs: 'kept' })
    expect(original.metadata.annotations).toEqual({ theirs: 'kept' })
  })
})
