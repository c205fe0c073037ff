import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Plan } from '../../core/plan.ts'
import { planCard, planText } from '../../core/plan-text.ts'
import { NOW, trainPlan } from './training-fixture.ts'

const plan = trainPlan()

const rollout: Plan = {
  ...plan,
  interrupts: ['requests to one replica, drained over 30 s', 'nothing else'],
  strategy: {
    name: 'surge',
    why: '4 GPUs are free',
    path: [
      { old: 2, new: 0 },
      { old: 2, new: 1 },
      { old: 0, new: 2 },
    ],
    rejected: [
      { name: 'blue-green', why: 'needs 8 GPUs and 4 are free' },
      { name: 'one-out-one-in', why: 'one replica would be away' },
    ],
  },
}

describe('a plan in a terminal', () => {
  it('reads as a person wants to read it', () => {
    expect(planText(plan, NOW)).toBe(`\
Fine-tune meta-llama/Llama-3.1-8B-Instruct on support-chats@abababab, register it as support-llama
  lane        pipeline/support-chats, generation 1, attempt 1
  plan        ${plan.id}

Steps
  1. train           Fine-tune meta-llama/Llama-3.1-8B-Instruct on 8 GPUs of gpu-train
                     because support-chats@abababab is all there
                     runs ghcr.io/acme/lora-trainer@sha256:5f0c3b1d8a9e torchrun --standalone --nproc-per-node=$(GPUS) train.py --epochs=3 --lora-rank=16
  2. evaluate        Evaluate on 1 GPU of gpu-train
                     because it reads what train made
                     runs ghcr.io/acme/evaluator@sha256:c81d2e9f7034
  3. judge-evaluate  Judge score >= 0.8
                     because a missing or worse number ends it here
  4. register        Register what train made as a new version of support-llama
                     because a version can be promoted, a file cannot
  5. notify          Tell the channel
                     because promoting it is for a person to decide

  price       $115.58 (p95 $223.83)
  at most     $223.83
  per hour    now $0.00, then $55.04
  GPU-hours   12.25 (p95 24.5)
  sources     p5.48xlarge on-demand $55.04/h for 8 GPUs (AWS price list, 2026-11-01)
  interrupts  nothing
  undo        Cancel deletes the Jobs. A registered version stays, and nothing serves it before it is promoted.

  asked by    claimed: T0SIGNAL/U0CARLA, which proves nothing
  bounds      GPUs: gpu-train ≤ 8; replicas away: 0
  begins      before 2026-11-24 13:00 UTC (in 4 h)
  approval    1 needed: $223.83 in the bad case
  digest      ${plan.digest}
  policy      ${plan.policy}

  why         run on support-chats@abababab: 12 objects, 3.4 MB, named by s3://acme-datasets/support-chats/2026-11-24/manifest.json
              train on gpu-train, as pipelines.support-chats says: 8 GPUs of the 8 of one node
              evaluate on gpu-train, as pipelines.support-chats says: 1 GPU of the 8 of one node
              gpu-train: 16 of 16 GPUs free (0 held or used by others), 0 on nodes that are up; needs 8
              priced at p5.48xlarge on-demand $55.04/h for 8 GPUs (AWS price list, 2026-11-01)
              nodes are paid whole, each 21 min longer than its pods run (p95 32 min): it boots, pulls the image, and is taken away once it was empty for 10 min
              ml-monthly: $0.00 spent and $0.00 held of $20,000.00; this adds at most $223.83`)
  })

  it('shows the path of a rollout, why it was chosen and why the others were not', () => {
    const text = planText(rollout, NOW)
    expect(text).toContain('  strategy    surge: 4 GPUs are free\n')
    expect(text).toContain('  path        (2,0) (2,1) (0,2) of (old,new) replicas\n')
    expect(text).toContain(
      '  not         blue-green: needs 8 GPUs and 4 are free\n              one-out-one-in: one replica would be away\n',
    )
    expect(text).toContain('  interrupts  requests to one replica, drained over 30 s\n              nothing else\n')
  })

  it('says how long there is left, and when it is past', () => {
    const begins = (now: number | null) =>
      planText(plan, now)
        .split('\n')
        .find((line) => line.includes('begins'))
    expect(begins(plan.bounds.until - 59 * 60_000)).toContain('(in 59 min)')
    expect(begins(plan.bounds.until - 90 * 60_000)).toContain('(in 1 h 30 min)')
    expect(begins(plan.bounds.until + 5 * 60_000)).toContain('(5 min ago)')
    // Who does not know the product's time says no distance.
    expect(begins(null)).toMatch(/UTC$/)
  })

  it('says until when it may be answered, while it is asked about: its approval leaves it time to begin', () => {
    const until = plan.bounds.until - 5 * 60_000
    expect(planText(plan, NOW, { until })).toContain(
      '  answer      before 2026-11-24 12:55 UTC (in 3 h 55 min)\n  begins ',
    )
    expect(planText(plan, NOW)).not.toContain('  answer ')
  })

  it('says the most that it may cost, and of a rollout what that is made of: what comes to nothing is left out', () => {
    const bounds = { ...plan.bounds, dollars: 519.87 }
    const parts = { rollout: 14.43, ending: 1.92, firstDay: 503.52 }
    const atMostOf = (boundOf: Plan['boundOf']) => {
      const told = { ...rollout, bounds, boundOf } as Plan
      const line =
        planText(told, NOW)
          .split('\n')
          .find((line) => line.startsWith('  at most')) ?? ''
      const fact = planCard(told).facts.find(({ label }) => label === 'At most')?.value
      expect(line.trim()).toBe(`at most     ${fact}`)
      return fact
    }
    expect(atMostOf(parts)).toBe(
      '$519.87: $14.43 for the rollout (1.5 times its p95), $1.92 for what still runs once it is told to end, $503.52 for the first 24 h of what it adds to the running cost',
    )
    expect(atMostOf({ ...parts, ending: 0, firstDay: 0 })).toBe('$519.87: $14.43 for the rollout (1.5 times its p95)')
    expect(atMostOf(undefined)).toBe('$519.87')
  })

  it('says when nobody needs to agree', () => {
    const text = planText({ ...plan, approval: { required: false, why: 'cheap', need: 0 } }, NOW)
    expect(text).toContain('  approval    not needed: cheap\n')
  })

  it('never passes a control character on, whatever a bucket or a registry calls its things', () => {
    const hostile = fc.string({
      unit: fc.constantFrom('\u001b', '[31m', '\r', '\u0007', '\u202e', '\u009b', '\n', 'a'),
    })
    fc.assert(
      fc.property(hostile, (name) => {
        const named = { ...rollout, title: name, reasons: [name], undo: name, interrupts: [name] }
        const lines = planText(named, NOW).split('\n')
        for (const line of [...lines, ...planCard(named).lines]) expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u)
        expect(lines).toHaveLength(
          planText({ ...named, title: 'a', reasons: ['a'], undo: 'a', interrupts: ['a'] }, NOW).split('\n').length,
        )
      }),
    )
  })

  it('is total: no time and no number makes it throw', () => {
    for (const until of [Number.NaN, Number.POSITIVE_INFINITY, 9e15, 0])
      expect(planText({ ...plan, steps: [], bounds: { ...plan.bounds, until, gpus: {} } }, NOW)).toContain('GPUs: none')
  })
})

describe('a plan on a card', () => {
  it('gives the facts that a person decides by', () => {
    expect(Object.fromEntries(planCard(plan).facts.map(({ label, value }) => [label, value]))).toEqual({
      Lane: 'pipeline/support-chats',
      Price: '$115.58 (p95 $223.83)',
      'At most': '$223.83',
      'Per hour': 'now $0.00, then $55.04',
      GPUs: 'gpu-train ≤ 8',
      'Asked for by': 'claimed: T0SIGNAL/U0CARLA, which proves nothing',
      Interrupts: 'nothing',
      'Begins before': '2026-11-24 13:00 UTC',
      Plan: `${plan.id} (${plan.digest.slice(0, 12)})`,
    })
  })

  it('says who asked, and what proves it; of plans that did not tell, nothing', () => {
    const asked = (requester: Plan['requester'], name?: (by: string) => string) =>
      planCard({ ...plan, requester }, name).facts.find(({ label }) => label === 'Asked for by')?.value
    const by = 'T0SIGNAL/U0CARLA'
    expect(asked({ by, proven: true }, () => 'carla')).toBe(`proven: carla (${by}), whose AWS account uploaded it`)
    expect(asked({ by, proven: false }, () => 'carla')).toBe(`claimed: carla (${by}), which proves nothing`)
    expect(asked(null)).toBe('unknown')
    const { requester: _, ...old } = plan
    expect(planCard(old).facts.map(({ label }) => label)).not.toContain('Asked for by')
  })

  it('says where the weights come from that it brings up', () => {
    const served = { ...plan, weights: 's3://acme-models/llama/8b/' }
    expect(planCard(served).facts).toContainEqual({ label: 'Weights', value: 's3://acme-models/llama/8b/' })
    expect(planText(served, NOW)).toContain('  weights     s3://acme-models/llama/8b/\n')
  })

  it('lists steps with why, the strategy with its path, the reasons and the way back', () => {
    const { lines } = planCard(rollout)
    expect(lines[0]).toBe(
      '1. Fine-tune meta-llama/Llama-3.1-8B-Instruct on 8 GPUs of gpu-train: support-chats@abababab is all there' +
        '. Runs ghcr.io/acme/lora-trainer@sha256:5f0c3b1d8a9e torchrun --standalone --nproc-per-node=$(GPUS) train.py --epochs=3 --lora-rank=16',
    )
    expect(lines).toContain('surge, (2,0) (2,1) (0,2) of (old,new) replicas: 4 GPUs are free')
    expect(lines).toEqual(expect.arrayContaining(plan.reasons))
    expect(lines.at(-1)).toBe(`Undo: ${plan.undo}`)
    expect(planCard(plan).lines).toHaveLength(5 + plan.reasons.length + 1)
  })
})
