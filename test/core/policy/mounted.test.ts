import { expect, it } from 'vitest'
import { isMounted } from '../../../core/policy/mounted.ts'

const mounted = (mountPath: string, volume: object = { persistentVolumeClaim: { claimName: 'c' } }): boolean =>
  isMounted({ name: 'train', pod: { volumes: [{ name: 'v', ...volume }], containers: [{ name: 'train', volumeMounts: [{ name: 'v', mountPath }] }] } }, '/signalbox/in') // biome-ignore format: a line

it('is a volume at a folder or above it, and neither beside it nor in the node', () => {
  expect([mounted('/signalbox/in'), mounted('/signalbox/'), mounted('/s'), mounted('/signalbox/in/data')]).toEqual([true, true, false, false]) // biome-ignore format: a line
  expect([mounted('/signalbox/in', { emptyDir: {} }), isMounted({ name: 'train' }, '/signalbox/in')]).toEqual([false, false]) // biome-ignore format: a line
})
