import { expect, it } from 'vitest'
import { servingRoom, stageRoom } from '../../../core/workloads/pod-room.ts'

const stage = { container: 'train', gpus: 2, isLent: false }
const replica = { container: 'vllm', gpusPerReplica: 2 }

it.each([
  [stageRoom(stage), '20Gi', ['/dev/shm of 16Gi', '/signalbox/scratch of 40Gi']],
  [stageRoom(stage, null), undefined, ['/dev/shm of 16Gi']],
  [stageRoom({ ...stage, isLent: true }), undefined, ['/dev/shm of 16Gi', '/signalbox/scratch of 40Gi']],
  [servingRoom(replica, 10), '20Gi', ['/dev/shm of 8Gi', '/home/signalbox of undefined']],
  [servingRoom(replica, null), undefined, ['/dev/shm of 8Gi', '/home/signalbox of undefined']],
])('grows with the GPUs, which are exact, and every mount has its volume: %#', (room, disk, mounts) => {
  const { resources, volumes, volumeMounts } = room
  expect(resources.requests).toEqual({ cpu: '6', memory: '24Gi', 'ephemeral-storage': disk, 'nvidia.com/gpu': '2' })
  expect(resources.limits).toEqual({ 'nvidia.com/gpu': '2' })
  const sizeOf = (name: string) => volumes.find((volume) => volume.name === name)!.emptyDir!.sizeLimit
  expect(volumeMounts.map(({ name, mountPath }) => `${mountPath} of ${sizeOf(name)}`)).toEqual(mounts)
})
