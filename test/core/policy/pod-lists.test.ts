import { expect, it } from 'vitest'
import { MERGE_KEYS } from '../../../core/policy/pod-lists.ts'

it('names the lists of a pod whose elements Kubernetes merges, and none that it replaces', () => {
  expect(MERGE_KEYS).toMatchObject({
    containers: 'name',
    env: 'name',
    volumeMounts: 'mountPath',
    ports: 'containerPort',
  })
  for (const replaced of ['tolerations', 'args', 'command']) expect(MERGE_KEYS).not.toHaveProperty(replaced)
})
