import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { settingsFrom } from '../../infra/settings.ts'

const { context } = JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: { signalbox: Record<string, unknown> } }
const vpc = context.signalbox['vpc'] as object

it('takes the example, with its defaults', () => {
  expect(settingsFrom(context.signalbox)).toMatchObject({
    buckets: 'existing',
    schedules: 'off',
    vpc: { endpoints: [] },
  })
  expect(settingsFrom(context.signalbox).money).toBeUndefined()
  expect(settingsFrom({ ...context.signalbox, money: {} }).money).toEqual({ alerts: [80, 100], forecasts: [] })
})

it.each([
  [{ account: 111122223333 }, 'signalbox.account'],
  [{ region: 'frankfurt' }, 'signalbox.region: is a region such as'],
  [{ cluster: { name: 'x' } }, 'signalbox.cluster.endpoint'],
  [{ vpc: { id: 'vpc-1', availabilityZones: ['a', 'b'], subnets: ['subnet-1'] } }, 'as many subnets for each'],
  [{ vpc: { ...vpc, routeTables: ['rtb-0abc'] } }, 'vpc.routeTables: only with `endpoints`'],
  [{ vpc: { ...vpc, endpoints: true, routeTables: ['main'] } }, 'vpc.routeTables.0: looks like `rtb-0abc…`'],
  [{ vpc: { ...vpc, endpoints: true, routeTables: [] } }, 'vpc.routeTables'],
  [{ vpc: { ...vpc, endpoints: true } }, 'vpc.cidrs: with `endpoints`, name the address ranges of the VPC'],
  [{ vpc: { ...vpc, endpoints: ['ssm'] } }, 'vpc.cidrs: with `endpoints`'],
  [{ vpc: { ...vpc, endpoints: true, cidrs: ['0.0.0.0/0'] } }, 'vpc.cidrs.0: is a range of the VPC'],
  [{ vpc: { ...vpc, endpoints: true, cidrs: ['10.0.0.0'] } }, 'vpc.cidrs.0: is a range of the VPC'],
  [
    { vpc: { ...vpc, endpoints: ['lambda'] } },
    'vpc.endpoints: is true, false or a list of sqs, events, secretsmanager',
  ],
  [{ mlflow: { url: 'mlflow' } }, 'signalbox.mlflow.url: is the tracking server'],
  [{ money: { alerts: [] } }, 'signalbox.money.alerts'],
  [{ money: { alerts: [0.8] } }, 'signalbox.money.alerts.0: is a percentage'],
  [
    { money: { karpenterRole: 'arn:aws:iam::111122223333:role/x' } },
    'karpenterRole: is the name of a role, not its ARN',
  ],
  [{ money: { anomalies: { dollars: 0 } } }, 'signalbox.money.anomalies.dollars'],
  [{ money: { anomalies: { dollars: 1, monitor: 'costs' } } }, 'is the ARN of a monitor'],
  [{ prometheus: { url: 'prometheus' } }, 'signalbox.prometheus.url: is where Prometheus’ API begins'],
  [{ prometheus: { url: 'https://me:it@p' } }, 'signalbox.prometheus.url: holds no name and no password'],
  [{ bukets: 'create' }, 'bukets'],
])('says what is wrong and what to write: %j', (change, said) => {
  expect(() => settingsFrom({ ...context.signalbox, ...change })).toThrow(said)
})

it('says where the settings go when there are none', () => {
  expect(() => settingsFrom(undefined)).toThrow('docs/deploy.md')
})
