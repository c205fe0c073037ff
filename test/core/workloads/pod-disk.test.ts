import { expect, it } from 'vitest'
import { DISK_ROOM, diskRequest } from '../../../core/workloads/pod-disk.ts'

it.each([1, 4, 8])(
  'what %i GPUs ask for is left on a small disk, and their scratch on the disk that pools are to have',
  (gpus) => {
    // GiB that are left for pods of a disk: a tenth is kept free, one is the system's.
    const left = (disk: number) => disk * 0.9 - 1
    expect(gpus * DISK_ROOM.asked).toBeLessThanOrEqual(left(gpus === 1 ? 20 : 100))
    const images = 60
    expect(gpus * DISK_ROOM.scratch).toBeLessThanOrEqual(left(300) - images)
  },
)

it.each([
  ['nothing', undefined, '80Gi'],
  ['another container', { containers: [{ name: 'b', resources: { limits: { 'ephemeral-storage': '1Gi' } } }] }, '80Gi'],
  ['its memory', { containers: [{ name: 'a', resources: { requests: { memory: '1Gi' } } }] }, '80Gi'],
  ['its request', { containers: [{ name: 'a', resources: { requests: { 'ephemeral-storage': '1Gi' } } }] }, undefined],
  ['its limit', { containers: [{ name: 'a', resources: { limits: { 'ephemeral-storage': '1Gi' } } }] }, undefined],
  ['none', { containers: [{ name: 'a', resources: { requests: { 'ephemeral-storage': null } } }] }, undefined],
] as const)('whoever says how much disk our container has says all of it: %s', (_, pod, asked) => {
  expect(diskRequest(80, { container: 'a', pod: pod as never })['ephemeral-storage']).toBe(asked)
  expect(diskRequest(null, { container: 'a', pod: pod as never })).toEqual({})
})
