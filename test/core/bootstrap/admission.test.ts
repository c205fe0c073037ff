import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { admissionPolicies } from '../../../core/bootstrap/admission.ts'
import { groupOf } from '../../../core/bootstrap/rights.ts'

interface Spec {
  validations: { expression: string; message: string }[]
  matchConstraints: { resourceRules: { operations: string[]; resources: string[] }[] }
  matchConditions: { expression: string }[]
}
const policies = admissionPolicies({ installation: 'ours', namespaces: { training: 'a', serving: 'b' }, pools: {} })
const specOf = (name: string): Spec =>
  policies.find(
    ({ kind, metadata }) => kind === 'ValidatingAdmissionPolicy' && metadata.name === `signalbox-ours-${name}`,
  )?.['spec'] as Spec

/** Evaluates the part of CEL that our expressions use, which JavaScript nearly shares. test/real/access asks a real server. */
const evaluate = (expression: string, given: { object: unknown; oldObject: unknown }): boolean => {
  const js = expression
    .replace(/has\(([\w.]+)\)/g, '($1 !== undefined)')
    .replace(/([\w.]+(?:\['[^']+'\])?)\.matches\('([^']+)'\)/g, (_, value, pattern) => `/${pattern}/.test(${value})`)
    .replace(/int\(/g, 'Number(')
    .replace(/\.all\(/g, '.every(')
    .replace(/every\((\w), /g, 'every(($1) => ')
  return new Function('object', 'oldObject', `return Boolean(${js})`)(given.object, given.oldObject) as boolean
}
const KEY = 'signalbox.dev/fence-scale'
const fenced = (fence: string | undefined) => ({
  metadata: { annotations: fence === undefined ? { other: 'x' } : { [KEY]: fence } },
})
const mayWrite = (before: string | undefined, after: string | undefined): boolean =>
  specOf('fence').validations.every(({ expression }) =>
    evaluate(expression, { object: fenced(after), oldObject: fenced(before) }),
  )

describe('a fence is the document’s revision', () => {
  it.each([
    ['9', '10', true],
    ['10', '9', false],
    ['9', '9', true],
    ['99', '100', true],
    ['10', '009', false],
    [undefined, '1', true],
    [undefined, undefined, true],
    ['9', undefined, false],
    ['9', 'ten', false],
    ['9', '', false],
    ['9', '1e9', false],
    ['9', '-1', false],
    ['9', '99999999999999999999', false],
    [undefined, 'ten', false],
    // Version 1 wrote generation and attempt.
    ['000002.001', '1', true],
    ['000002.001', '000003.001', false],
  ])('%s, then %s: %s', (before, after, allowed) => {
    expect(mayWrite(before, after)).toBe(allowed)
  })

  it('and compared as a number, whatever the number', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (before, after) => {
        expect(mayWrite(String(before), String(after))).toBe(after >= before)
      }),
    )
  })

  it('on objects without any annotation too', () => {
    for (const { expression } of specOf('fence').validations) {
      const bare = { metadata: {} }
      expect(evaluate(expression, { object: bare, oldObject: bare })).toBe(true)
      if (expression.includes(KEY)) expect(evaluate(expression, { object: bare, oldObject: fenced('1') })).toBe(false)
    }
  })

  it('of each concern by itself, on Jobs, Deployments, Services and what drains are held to, when they change', () => {
    const { validations, matchConstraints } = specOf('fence')
    expect(validations.map(({ message }) => /signalbox-\w+/.exec(message)?.[0])).toEqual([
      'signalbox-workload',
      'signalbox-scale',
      'signalbox-traffic',
      'signalbox-suspend',
      'signalbox-ceiling',
    ])
    for (const { message } of validations) expect(message).toContain('may not go back')
    expect(matchConstraints.resourceRules.map(({ operations, resources }) => [operations, resources])).toEqual([
      [['UPDATE'], ['jobs']],
      [['UPDATE'], ['deployments']],
      [['UPDATE'], ['services']],
      [['UPDATE'], ['poddisruptionbudgets']],
      [['UPDATE'], ['nodepools']],
    ])
  })
})

it('who starts pods, scales or says whose something is is looked at in each of our namespaces, what doors write wherever they write', () => {
  for (const name of ['pods', 'accounts', 'services', 'marks', 'suspended', 'scale', 'replicas'])
    expect(specOf(name).matchConstraints).toMatchObject({
      namespaceSelector: {
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['a', 'b'] }],
      },
    })
  // What drains are held to is loosened by nobody who could not say where a Service of ours leads.
  for (const name of ['services', 'marks'])
    expect(specOf(name).matchConstraints.resourceRules.flatMap(({ resources }) => resources)).toContain(
      'poddisruptionbudgets',
    )
  // A door may write elsewhere only what its role says, which is nothing.
  for (const name of ['doors', 'services-by-door', 'pods-by-door'])
    expect(specOf(name).matchConditions[0]?.expression).toContain(
      `startsWith('${groupOf({ installation: 'ours' }, '')}')`,
    )
  // A Service or a PodDisruptionBudget of somebody else's is as little a door's as their Job.
  const kinds = ['jobs', 'deployments', 'services', 'poddisruptionbudgets']
  expect(specOf('doors').matchConstraints.resourceRules.flatMap(({ resources }) => resources)).toEqual(kinds)
  expect(specOf('label').matchConstraints.resourceRules.flatMap(({ resources }) => resources)).toEqual([
    ...kinds,
    'namespaces',
    'nodepools',
    'priorityclasses',
  ])
})

describe('images on what is ours', () => {
  const allowed = (images: string[], init: string[] | undefined, volumes?: object[]) =>
    specOf('digest').validations.every(({ expression }) =>
      evaluate(expression, {
        oldObject: null,
        object: {
          spec: {
            template: {
              spec: {
                containers: images.map((image) => ({ image })),
                ...(init === undefined ? {} : { initContainers: init.map((image) => ({ image })) }),
                ...(volumes === undefined ? {} : { volumes }),
              },
            },
          },
        },
      }),
    )
  const pinned = `vllm@sha256:${'a'.repeat(64)}`

  it('are named by digest, those of init containers and volumes too', () => {
    expect(allowed([pinned], undefined)).toBe(true)
    expect(allowed([pinned], [pinned])).toBe(true)
    expect(allowed([pinned, 'vllm:latest'], undefined)).toBe(false)
    expect(allowed([pinned], ['busybox'])).toBe(false)
    expect(allowed([`vllm@sha256:${'a'.repeat(63)}`], undefined)).toBe(false)
    expect(allowed([pinned], undefined, [{ emptyDir: {} }, { image: { reference: pinned } }])).toBe(true)
    expect(allowed([pinned], undefined, [{ image: { reference: 'weights:1' } }])).toBe(false)
  })
})

it('every policy is bound, denies and fails closed; those of objects reach what is ours or was before the write alone', () => {
  const of = (kind: string) => policies.filter((one) => one.kind === kind)
  expect(of('ValidatingAdmissionPolicyBinding').map(({ metadata }) => metadata.name)).toEqual(
    of('ValidatingAdmissionPolicy').map(({ metadata }) => metadata.name),
  )
  const label = (installation: string) => ({ metadata: { labels: { 'signalbox.dev/installation': installation } } })
  for (const policy of of('ValidatingAdmissionPolicy')) expect(policy['spec']).toMatchObject({ failurePolicy: 'Fail' })
  for (const spec of ['fence', 'digest', 'label'].map(specOf)) {
    const ours = (object: unknown, oldObject: unknown) =>
      spec.matchConditions.every(({ expression }) => evaluate(expression, { object, oldObject }))
    expect(ours(label('ours'), null)).toBe(true)
    expect(ours(label('other'), null)).toBe(false)
    expect(ours({ metadata: {} }, label('ours'))).toBe(true)
    expect(ours({ metadata: {} }, { metadata: {} })).toBe(false)
  }
})
