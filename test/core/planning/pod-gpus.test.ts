import { expect, it } from 'vitest'
import { gpusOf, gpusOfPod } from '../../../core/planning/pod-gpus.ts'

const one = (gpus: string, restartPolicy?: 'Always') => ({
  name: 'c',
  resources: { limits: { 'nvidia.com/gpu': gpus } },
  ...(restartPolicy === undefined ? {} : { restartPolicy }),
})
const used = (initContainers: object[], ...containers: object[]): number =>
  gpusOfPod({ spec: { containers: containers as never, initContainers: initContainers as never } })

it('containers of a pod count together, and those that start it where they are more', () => {
  expect(used([one('2')], one('1'), one('2'))).toBe(3)
  expect(used([one('5')], one('1'))).toBe(5)
  expect(gpusOf([one('1'), { name: 'c', resources: { requests: { 'nvidia.com/gpu': '3' } } }])).toBe(4)
})

it('what starts first and runs on counts beside all that comes after it, as the scheduler counts', () => {
  expect(used([one('2', 'Always')], one('4'))).toBe(6)
  expect(used([one('2', 'Always'), one('1', 'Always')], one('4'))).toBe(7)
  // One that ends takes with it only what runs on from before it.
  expect(used([one('1', 'Always'), one('5'), one('2', 'Always')], one('1'))).toBe(6)
  expect(used([one('5'), one('2', 'Always')], one('1'))).toBe(5)
})
