import { expect, it } from 'vitest'
import { gitOpsKeys, gitOpsOf } from '../../core/gitops.ts'

it('is whoever is written on it, in a label or an annotation', () => {
  expect(gitOpsOf({ annotations: { 'argocd.argoproj.io/tracking-id': 'a' } })).toBe('Argo CD')
  expect(gitOpsOf({ labels: { 'argocd.argoproj.io/instance': 'a' } })).toBe('Argo CD')
  for (const key of ['kustomize', 'helm'])
    expect(gitOpsOf({ labels: { [`${key}.toolkit.fluxcd.io/name`]: 'a' } })).toBe('Flux')
  expect(gitOpsOf({ labels: { app: 'a' }, annotations: { 'helm.toolkit.fluxcd.io/name': 'a' } })).toBeNull()
})

it('is said by no key that is not named', () => {
  for (const at of ['labels', 'annotations'] as const)
    for (const key of gitOpsKeys(at)) expect(gitOpsOf({ [at]: { [key]: 'a' } })).not.toBeNull()
})
