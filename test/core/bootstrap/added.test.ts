import { expect, it } from 'vitest'
import { addedTo } from '../../../core/bootstrap/added.ts'
import type { Manifest } from '../../../core/bootstrap/manifest.ts'

const account: Manifest = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'signalbox-training', namespace: 'training' },
}
const ROLE = 'eks.amazonaws.com/role-arn'

it('says what somebody has added to an account of our pods, and takes it off', () => {
  expect(
    addedTo(account, {
      metadata: { annotations: { [ROLE]: 'arn:aws:iam::1:role/x' } },
      secrets: [{ name: 'a' }, { name: 'b' }],
      imagePullSecrets: [{ name: 'hub' }],
    }),
  ).toEqual([
    expect.stringMatching(`${ROLE}.*kubectl -n training annotate serviceaccount signalbox-training ${ROLE}-`),
    expect.stringMatching(/a, b .*patch serviceaccount signalbox-training .*"path":"\/secrets"/),
    expect.stringMatching(/pull their images with hub.*`pod` of the policy.*"path":"\/imagePullSecrets"/),
  ])
})

it('is nothing where nobody has, nor what `kubectl apply` writes of the printed list', () => {
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' }
  expect(addedTo(account, { metadata: { labels: { a: 'b' }, annotations }, secrets: [] })).toEqual([])
  expect(addedTo(account, {})).toEqual([])
})

it('is nothing of another kind', () => {
  const namespace: Manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'training' } }
  expect(addedTo(namespace, { metadata: { annotations: { [ROLE]: 'a' } } })).toEqual([])
})
