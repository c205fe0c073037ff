import { expect, it } from 'vitest'
import { newest, PRESETS, presetOf, revisionsOf } from '../../../core/workloads/presets.ts'

const [one, two] = [
  { title: 'One', needsModel: false, command: null, env: {} },
  { title: 'Two', needsModel: false, command: null, env: {} },
]
const presets = { p: [one, two] } as const

it('something new is made with the newest revision, and what was made with an older one keeps it', () => {
  expect(newest('p', presets)).toBe(two)
  expect(revisionsOf(['p'], presets)).toEqual({ p: 2 })
  expect(presetOf('p', 1, presets)).toBe(one)
  expect(presetOf('p', undefined, presets)).toBe(two)
})

it('a name or a revision that there never was is a fault of ours', () => {
  expect(() => presetOf('q', 1, presets)).toThrow('no revision 1 of the preset q')
  expect(() => presetOf('p', 3, presets)).toThrow('no revision 3 of the preset p')
  expect(() => presetOf('constructor')).toThrow('the preset constructor')
})

it('presets are data: they are the same after they were written down and read', () => {
  expect(JSON.parse(JSON.stringify(PRESETS))).toEqual(PRESETS)
})
