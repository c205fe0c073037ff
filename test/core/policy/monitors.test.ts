import { describe, expect, it } from 'vitest'
import { monitoredPlaces } from '../../../core/policy/monitors.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { exampleConfig, problemsOf } from '../training-fixture.ts'

const REPORTS = 's3://acme-datasets/monitors/support-llama/'
const PLACE = { bucket: 'acme-datasets', prefix: 'monitors/support-llama/' }
type Stage = NonNullable<Config['pipelines']>[string]['stages'][number]

/** The example with a pipeline that measures drift each night, where its stage says this. */
const monitored = (stage: Partial<Stage>, reports: object | null = PLACE): Config => {
  const config: Config = exampleConfig()
  const [train] = config.pipelines!['support-chats']!.stages
  const { name: _, use: __, model: ___, args: ____, ...rest } = train!
  config.runner = { image: `acme/runner@sha256:${'ab'.repeat(32)}` }
  config.pipelines!['watch'] = {
    on: { schedule: { cron: '0 3 * * *', zone: 'UTC' } },
    stages: [{ ...rest, use: 'drift-monitor', runner: { inputs: [] }, ...stage }],
  }
  if (reports !== null)
    Object.assign(config.services!['support-llama']!, { drift: { reports, coolDown: '24h' } } as object)
  return config
}

describe('a stage that measures drift', () => {
  it('leaves its reports where a service hears of them, and nowhere else', () => {
    const config = monitored({ env: { REPORTS } })
    expect(problemsOf(config)).toEqual([])
    expect(monitoredPlaces(parsePolicy(config))).toEqual([PLACE])
  })

  it.each<[string, Partial<Stage>, string]>([
    ['says no place', {}, `is missing: write ${REPORTS}, as`],
    ['names another one', { env: { REPORTS: 's3://acme-datasets/monitors/' } }, 'and nobody hears of what lies there'],
    ['has it from a secret', { secrets: { REPORTS: { secret: 'a', key: 'b' } } }, 'is missing: write'],
  ])('is refused where it %s', (_, stage, problem) => {
    expect(problemsOf(monitored(stage))).toEqual([
      expect.stringMatching(/^pipelines\.watch\.stages\.0\.env\.REPORTS: /),
    ])
    expect(problemsOf(monitored(stage))[0]).toContain(problem)
  })

  it('is refused where no service hears of any, with what to write', () => {
    expect(problemsOf(monitored({ env: { REPORTS } }, null))).toEqual([
      expect.stringContaining('give the service that it is of `drift: { reports: { bucket, prefix } }`'),
    ])
  })

  it('with a command of its own says itself where it leaves what; a variable of another stage means nothing', () => {
    const own = monitored({ command: ['python', 'mine.py'] })
    expect([problemsOf(own), monitoredPlaces(parsePolicy(own))]).toEqual([[], []])
    const other = monitored({ use: 'scan', env: { REPORTS } })
    expect([problemsOf(other), monitoredPlaces(parsePolicy(other))]).toEqual([[], []])
  })
})
