import { readFileSync } from 'node:fs'
import { Template } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import { doors } from '../../infra/doors.ts'
import type { Stacks } from '../../infra/installation.ts'
import config from '../example.ts'
import { synth } from './synth.ts'
import { readerOf, type Written } from './written.ts'

const templates = Object.fromEntries(
  Object.entries(synth('watching', config, { schedules: 'on' }).stacks).map(([name, stack]) => [
    name,
    Template.fromStack(stack).toJSON(),
  ]),
) as Record<keyof Stacks, Written>
const { state, control, watching } = templates
const read = readerOf(Object.values(templates))

type Properties = Record<string, unknown>
const ofType = (template: Written, type: string): Properties[] =>
  Object.values(template.Resources).flatMap(({ Type, Properties = {} }) => (Type === type ? [Properties] : []))
const alarms = ofType(watching, 'AWS::CloudWatch::Alarm')
const FAILURES = 'arn:aws:sqs:eu-central-1:111122223333:signalbox-failures'

/** The alarm from `threshold` on over a metric of one function, if there is one. */
const alarmOver = (MetricName: string, door: string): Properties | undefined =>
  alarms.find(
    (alarm) =>
      alarm['Namespace'] === 'AWS/Lambda' &&
      alarm['MetricName'] === MetricName &&
      (alarm['Dimensions'] as { Name: string; Value: unknown }[]).every(
        ({ Name, Value }) => Name === 'FunctionName' && read(watching, Value) === `signalbox-${door}`,
      ),
  )

describe('what goes wrong is kept, heard and looked up', () => {
  it.each(doors)(
    '$name: what failed and says something goes to the failure queue once, with its error',
    ({ name, trigger }) => {
      const kept = ofType(control, 'AWS::Lambda::EventInvokeConfig').filter(
        ({ FunctionName }) => read(control, FunctionName) === `signalbox-${name}`,
      )
      expect(kept).toHaveLength(1)
      expect(read(control, kept[0]!['Qualifier'])).toBe('$LATEST')
      const { DestinationConfig, MaximumRetryAttempts, MaximumEventAgeInSeconds } = kept[0]!
      const says = trigger.kind === 'http' || trigger.kind === 'bus' || trigger.kind === 'topic'
      const { OnFailure, ...others } = (DestinationConfig ?? {}) as { OnFailure?: { Destination: unknown } }
      expect([OnFailure && read(control, OnFailure.Destination), others]).toEqual([says ? FAILURES : undefined, {}])
      expect([MaximumRetryAttempts, MaximumEventAgeInSeconds]).toEqual(
        ['bus', 'topic'].includes(trigger.kind) ? [2, 21_600] : [0, 60],
      )
      expect(functionOf(name)['DeadLetterConfig']).toBeUndefined()
    },
  )

  it.each(doors)('$name: it has an alarm for its errors and its throttles, and a log that ends', ({ name }) => {
    for (const metric of ['Errors', 'Throttles']) expect(alarmOver(metric, name), metric).toBeDefined()
    const { LoggingConfig } = functionOf(name) as { LoggingConfig: { LogGroup: unknown } }
    expect(read(control, LoggingConfig.LogGroup)).toBe(`/aws/lambda/signalbox-${name}`)
    const log = ofType(control, 'AWS::Logs::LogGroup').find(
      ({ LogGroupName }) => LogGroupName === `/aws/lambda/signalbox-${name}`,
    )
    expect(log?.['RetentionInDays']).toBe(90)
  })

  it.each(doors.filter(({ trigger }) => trigger.kind === 'schedule'))(
    '$name: three errors ring, however seldom it is called',
    ({ name, trigger }) => {
      const { Threshold, EvaluationPeriods, Period } = alarmOver('Errors', name) as Record<string, number>
      const minutes = Number.parseInt(trigger.kind === 'schedule' ? trigger.every : '', 10)
      const called = Period! / 60 / minutes
      expect(Threshold).toBeLessThanOrEqual(called)
      expect(Threshold! * EvaluationPeriods!).toBe(3)
    },
  )

  it.each([
    ['dead-wakes', { QueueName: 'signalbox-dead-wakes.fifo' }, { Threshold: 1 }],
    [
      'wakes-late',
      { QueueName: 'signalbox-wakes.fifo' },
      { MetricName: 'ApproximateAgeOfOldestMessage', Threshold: 420 },
    ],
    ['reconcile-full', { QueueName: 'signalbox-wakes.fifo' }, { Threshold: 20 }],
    ['reconcile-slow', { FunctionName: 'signalbox-reconcile' }, { MetricName: 'Duration', Threshold: 45_000 }],
    ['ledger-conflicts', { TableName: 'signalbox-ledger' }, { MetricName: 'TransactionConflict' }],
  ])('the limit behind %s is an alarm before it is reached', (id, dimensions, alarm) => {
    const found = alarms.find(({ AlarmName }) => AlarmName === `signalbox-${id}`)
    expect(found).toMatchObject(alarm)
    const { Dimensions } = found as { Dimensions: { Name: string; Value: unknown }[] }
    const named = Dimensions.map(({ Name, Value }) => [Name, read(watching, Value)])
    expect(Object.fromEntries(named)).toEqual(dimensions)
  })

  it('two installations of one account have no number in common', () => {
    const { stacks } = synth('watching-other', { ...config, installation: 'research' }, { schedules: 'on' })
    const others = Object.values(stacks).map((stack) => Template.fromStack(stack).toJSON() as Written)
    const numbersOf = (templates: Written[]): string[] => {
      const written = readerOf(templates)
      const [from] = templates.filter((template) => ofType(template, 'AWS::CloudWatch::Alarm').length > 0) as [Written]
      return ofType(from, 'AWS::CloudWatch::Alarm').flatMap(({ Namespace, MetricName, Dimensions, Metrics }) => {
        const stats = ((Metrics ?? []) as { MetricStat?: { Metric: Properties } }[]).flatMap<Properties>(
          ({ MetricStat }) => MetricStat?.Metric ?? [],
        )
        const all: Properties[] = [{ Namespace, MetricName, Dimensions }, ...stats]
        return all
          .filter((one) => one['Namespace'] !== undefined)
          .map((one) => {
            const named = one['Dimensions'] as { Name: string; Value: unknown }[]
            return `${one['Namespace']} ${one['MetricName']} ${named.map(({ Value }) => written(from, Value))}`
          })
      })
    }
    const [mine, theirs] = [numbersOf(Object.values(templates)), numbersOf(others)]
    expect(mine.length).toBe(alarms.length)
    expect(mine.filter((number) => !number.startsWith('AWS/ApiGateway') && theirs.includes(number))).toEqual([])
  })

  it('a tick that does not run is heard once the schedules are on, and not before', () => {
    expect(alarms.find(({ AlarmName }) => AlarmName === 'signalbox-tick-silent')).toMatchObject({
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    })
    const off = Template.fromStack(synth('watching-off', config).stacks.watching).toJSON() as Written
    expect(ofType(off, 'AWS::CloudWatch::Alarm')).toHaveLength(alarms.length - 1)
  })

  it('every alarm tells somebody, is silent when there is nothing to measure but its silence, and has its section of the runbook', () => {
    const runbook = readFileSync('docs/runbook.md', 'utf8')
    for (const { AlarmName, AlarmDescription, AlarmActions, TreatMissingData } of alarms) {
      expect(AlarmActions, String(AlarmName)).toHaveLength(1)
      expect(TreatMissingData, String(AlarmName)).toBe(
        AlarmName === 'signalbox-tick-silent' ? 'breaching' : 'notBreaching',
      )
      const section = /docs\/runbook\.md#([a-z-]+)$/.exec(String(AlarmDescription))?.[1] ?? 'none'
      expect(runbook, String(AlarmName)).toContain(`## ${section}\n`)
    }
  })
})

describe('docs/deploy.md reckons what it costs when nothing happens', () => {
  const rows = readFileSync('docs/deploy.md', 'utf8')
    .split('\n')
    .filter((line) => line.split('|').length === 5)
  const row = (what: RegExp): string => rows.find((line) => what.test(line)) ?? 'none'

  it.each([
    ['alarms', 0.1, alarms.length],
    ['secrets', 0.4, ofType(state, 'AWS::SecretsManager::Secret').length],
  ])('%s at %d each: as many as the templates have', (what, each, count) => {
    const dollars = (count * each).toFixed(2)
    expect(row(new RegExp(`^\\| \\d+ ${what} `))).toBe(
      `| ${count} ${what} | ${count} × ${each.toFixed(2)} | ${dollars} |`,
    )
  })

  it('and adds it up', () => {
    const first = rows.findIndex((line) => line.startsWith('| what | reckoned'))
    const dollars = rows.slice(first + 1).map((line) => Number(/([\d.]+)\** \|$/.exec(line)?.[1]))
    const sum = dollars
      .filter(Number.isFinite)
      .slice(0, -1)
      .reduce((total, one) => total + one, 0)
    expect(row(/\*\*together\*\*/)).toBe(`| **together** | | **about ${Math.round(sum)}** |`)
  })
})

function functionOf(name: string): Record<string, unknown> {
  const found = ofType(control, 'AWS::Lambda::Function').find(
    ({ FunctionName }) => FunctionName === `signalbox-${name}`,
  )
  if (found === undefined) throw new Error(`there is no function ${name}`)
  return found
}
