import { describe, expect, it } from 'vitest'
import { ownPressure, takenBy } from '../../../core/pods/taken.ts'
import { podIn } from './objects.ts'

const pods = (...names: string[]) => names.map(podIn)

describe('a pod that was taken away', () => {
  it.each([
    ['drained', 'node-lost', null, 'EvictionByEvictionAPI (Eviction API: evicting)'],
    ['node-gone', 'node-lost', null, 'DeletionByPodGC (PodGC: node no longer exists)'],
    ['refused-device', 'not-admitted', null, 'UnexpectedAdmissionError (Pod was rejected: Allocate failed due to'],
    ['refused-room', 'not-admitted', null, 'OutOfnvidia.com/gpu (Pod was rejected: Node didn'],
    ['refused-pressure', 'not-admitted', null, 'Evicted (Pod was rejected: The node had condition: [DiskPressure].'],
    ['evicted-unknown', 'node-lost', { of: 'disk', own: false }, 'Evicted (The node was low on resource:'],
    ['evicted-own-disk', 'node-lost', { of: 'disk', own: true }, 'Container fine-tuning was using 260Gi'],
    ['evicted-own-limit', 'node-lost', { of: 'disk', own: true }, 'exceeds the limit "50Gi"'],
    ['evicted-own-memory', 'node-lost', { of: 'memory', own: true }, 'was using 190Gi, request is 64Gi'],
  ])('%s: %s', (name, failure, pressure, note) => {
    expect(takenBy(podIn(name))).toEqual({ failure, pressure, note: expect.stringContaining(note) })
  })

  it.each(['crash-loop', 'config-error'])('%s: nobody took it', (name) => {
    expect(takenBy(podIn(name))).toBeNull()
  })
})

describe('whose fault pressure is', () => {
  it.each([
    ['evicted-own-disk', 'out-of-disk', 'ask for more ephemeral-storage, or use less'],
    ['evicted-own-limit', 'out-of-disk', 'ask for more ephemeral-storage'],
    ['evicted-own-memory', 'out-of-memory', 'ask for more memory'],
  ])('%s: its own, at once', (name, failure, note) => {
    expect(ownPressure(pods('drained', name))).toEqual({ failure, note: expect.stringContaining(note) })
  })

  it('where nothing says whose it was, its own by the third time', () => {
    const one = 'evicted-unknown'
    expect(ownPressure(pods(one, one, 'drained', 'refused-pressure'))).toBeNull()
    expect(ownPressure(pods(one, one, one))).toMatchObject({
      failure: 'out-of-disk',
      note: expect.stringContaining('3 times'),
    })
  })
})
