import { describe, expect, it } from 'vitest'
import { concernedBy, warningText } from '../../core/capacity.ts'
import { type InstanceRow, mergeInstances, OTHERS, type PodTime } from '../../core/money/instance.ts'

const pod = (lane: string, over: Partial<PodTime> = {}): PodTime => ({
  lane,
  gpus: 1,
  from: 1,
  end: null,
  seen: 1,
  ...over,
})
const row = (id: string, pods: PodTime[], over: Partial<InstanceRow> = {}): InstanceRow => ({
  ...{ id, name: id, gpus: 8, begin: { at: 1, by: 'launched' }, end: null, seen: 1, firstPod: 1 },
  stretches: { '1': { at: 1, pool: 'gpu-train', instanceType: 'p5.48xlarge', capacityType: 'spot', price: null } },
  pods: Object.fromEntries(pods.map((one, n) => [`u${n}`, one])),
  ...over,
})
const of = (instance: string | null, reservation: string | null = null) => ({ instance, reservation })
const ENDED = { at: 2, by: 'told' } as const

describe('whom a warning of EC2 concerns', () => {
  it('is each lane with a pod on the instance, once; not who has left it, not others, not who is elsewhere', () => {
    const rows = [
      row('i-1', [
        pod('pipeline/a'),
        pod('pipeline/a'),
        pod('service/b'),
        pod('pipeline/c', { end: ENDED }),
        pod(OTHERS),
      ]),
      row('i-2', [pod('pipeline/d')]),
    ]
    expect(concernedBy(of('i-1'), rows).map(({ lane }) => lane)).toEqual(['pipeline/a', 'service/b'])
    expect(concernedBy(of('i-3'), rows)).toEqual([])
    expect(concernedBy(of('i-1'), [row('i-1', [pod('pipeline/a')], { end: ENDED })])).toEqual([])
  })

  it('of a block is each lane with pods on any of its instances, with how many', () => {
    const reserved = { reservation: 'cr-1' }
    const rows = ['i-1', 'i-2', 'i-3', 'i-4'].map((id) => row(id, [pod('pipeline/a')], reserved))
    const [one, ...more] = concernedBy(of(null, 'cr-1'), [...rows, row('i-9', [pod('pipeline/z')])])
    expect([one, more]).toEqual([
      { lane: 'pipeline/a', on: expect.objectContaining({ instances: ['i-1', 'i-2', 'i-3'], count: 4 }) },
      [],
    ])
    // An instance of no reservation is in no block.
    expect(concernedBy(of(null, 'cr-2'), [row('i-1', [pod('pipeline/a')])])).toEqual([])
  })

  it('says what EC2 does and when, and on what', () => {
    const on = { instances: ['i-1'], count: 3, pool: 'gpu-train', instanceType: 'p5.48xlarge', capacityType: 'spot' }
    expect(warningText({ warns: 'interruption', reservation: null, until: null }, on)).toBe(
      'EC2 takes spot capacity back within two minutes: i-1 and 2 more (p5.48xlarge of gpu-train). What runs there is told to end, and begins again where another attempt may',
    )
    expect(
      warningText({ warns: 'block-ends', reservation: 'cr-1', until: Date.UTC(2026, 10, 24, 10, 10) }, on),
    ).toContain('capacity block cr-1 ends 2026-11-24 10:10 UTC')
  })
})

it('the reservation of an instance stays, in whatever order it is told', () => {
  const [with_, without] = [row('i-1', [], { reservation: 'cr-1' }), row('i-1', [])]
  for (const merged of [mergeInstances(with_, without), mergeInstances(without, with_)])
    expect(merged.reservation).toBe('cr-1')
  expect('reservation' in mergeInstances(without, without)).toBe(false)
})
