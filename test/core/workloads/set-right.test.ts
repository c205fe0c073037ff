import { expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { DIGEST_ANNOTATION } from '../../../core/workloads/object-digest.ts'
import { isReset, setRight } from '../../../core/workloads/set-right.ts'

const service = (spec: object) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec }) as KubeObject
const budget = (spec: object) =>
  ({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'b' }, spec }) as KubeObject
const edited = (...fields: string[]) => fields.map((field) => ({ field }))

it('what somebody has added is said as it is by default, so that it is theirs no more', () => {
  const wanted = service({ selector: { a: 'b' } })
  const right = setRight(wanted, edited('.spec.publishNotReadyAddresses', '.spec.externalIPs', '.spec.selector.c'))
  expect(right).toMatchObject({ spec: { selector: { a: 'b' }, publishNotReadyAddresses: false, externalIPs: [] } })
  expect(right.metadata.annotations?.[DIGEST_ANNOTATION]).toMatch(/^[0-9a-f]{64}$/)
})

it('a budget says what must stay, or what may be away, and never both', () => {
  const spec = (of: object) => (setRight(budget(of), edited('.spec.maxUnavailable')) as { spec?: unknown }).spec
  expect(spec({ minAvailable: 1 })).toEqual({ minAvailable: 1, maxUnavailable: null })
  expect(spec({ maxUnavailable: 1 })).toEqual({ maxUnavailable: 1 })
})

it('where nothing of that was added it is what is wanted', () => {
  const wanted = service({ selector: { a: 'b' } })
  expect(setRight(wanted, edited('.spec.selector.a'))).toBe(wanted)
})

it.each([
  [['spec', 'publishNotReadyAddresses'], true, true],
  [['spec', 'publishNotReadyAddresses'], false, false],
  [['spec', 'maxUnavailable'], 2, true],
  [['spec', 'maxUnavailable', 'x'], 2, false],
  [['spec', 'sessionAffinity'], 'ClientIP', false],
])('%j of %j is reset: %s', (path, value, is) => {
  expect(isReset(path, value)).toBe(is)
})
