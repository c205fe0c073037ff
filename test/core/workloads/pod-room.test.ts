import { expect, it } from 'vitest'
import { servingRoom, stageRoom } from '../../../core/workloads/pod-room.ts'

it.each([
  [stageRoom({ gpus: 2 }), ['/dev/shm of 16Gi']],
  [servingRoom({ gpusPerReplica: 2 }), ['/dev/shm of 8Gi', '/home/signalbox of undefined']],
])('grows with the GPUs, which are exact, and every mount has its volume: %#', (room, mounts) => {
  const { resources, volumes, volumeMounts } = room
  expect(resources.requests).toEqual({ cpu: '6', memory: '24Gi', 'nvidia.com/gpu': '2' })
  expect(resources.limits).toEqual({ 'nvidia.com/gpu': '2' })
  const sizeOf = (name: string) => volumes.find((volume) => volume.name === name)!.emptyDir!.sizeLimit
  expect(volumeMounts.map(({ name, mountPath }) => `${mountPath} of ${sizeOf(name)}`)).toEqual(mounts)
})
