import { expect, it } from 'vitest'
import { noNodeNote } from '../../../core/steps/no-node.ts'

const price = { perNodeHour: 55.04, spot: 22, reserved: 0, source: 'list', date: '2026-11-01' }
const node = (name: string, capacityType: string | null) => ({
  node: name,
  since: 0,
  why: 'it is not ready',
  end: `kubectl delete nodeclaim ${name}`,
  capacityType,
})
const note = (more: object = {}) => noNodeNote({ within: 90 * 60_000, note: 'waiting', stays: [], price, ...more })

it('says for how long nothing came, and what was waited for', () => {
  expect(note()).toBe('no node came for its pod within the time that its pipeline gives it (1.5 h): waiting')
})

it('names each node that has come for nothing, with what it goes on costing and what ends it', () => {
  const stays = [node('a', 'on-demand'), node('b', 'spot'), node('c', null)]
  expect(note({ stays })).toMatch(
    /: waiting; node a stays, at \$55\.04 an hour by the policy's price, until somebody says kubectl delete nodeclaim a; node b stays, at \$22\.00 an hour .* nodeclaim b; node c stays until somebody says kubectl delete nodeclaim c$/,
  )
  expect(note({ stays: [node('a', 'reserved')] })).toContain('at $0.00 an hour')
  expect(note({ stays, price: null })).not.toContain('$')
})
