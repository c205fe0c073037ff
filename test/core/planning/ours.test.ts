import { expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { label } from '../../../core/names.ts'
import { isOurs } from '../../../core/planning/ours.ts'
import { parsePolicy } from '../../../core/policy.ts'
import example from '../../example.ts'

const policy = parsePolicy(example)
const [INSTALLATION, LEDGER] = [label('installation'), label('ledger')]
const pod = (namespace: string | undefined, labels?: Record<string, string>) =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace, labels } }) as KubeObject
const ours = { [INSTALLATION]: policy.installation }
const { training, serving } = policy.namespaces

it.each<[string, KubeObject, boolean]>([
  ['in our namespaces, of our installation', pod(training, ours), true],
  ['and in the other of them', pod(serving, ours), true],
  ['of our ledger', pod(training, { ...ours, [LEDGER]: 'mine' }), true],
  ['of another ledger', pod(training, { ...ours, [LEDGER]: 'another' }), false],
  ['of another installation', pod(training, { [INSTALLATION]: 'other' }), false],
  ['without a label', pod(training), false],
  ['with our label where anybody writes labels', pod('default', ours), false],
  ['with our label in no namespace', pod(undefined, ours), false],
])('what is %s', (_what, object, is) => {
  expect(isOurs(object, policy, 'mine')).toBe(is)
})
