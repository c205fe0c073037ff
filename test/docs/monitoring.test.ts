import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { monitoringManifests, ruleGroups } from '../../core/bootstrap/monitoring.ts'
import { packManifests } from '../../core/bootstrap/packs.ts'
import { groupOfPeople } from '../../core/bootstrap/people.ts'
import { type Config, parsePolicy } from '../../core/policy.ts'
import config from '../example.ts'

const page = readFileSync(new URL('../../docs/monitoring.md', import.meta.url), 'utf8')
const [pipeline] = Object.values(config.pipelines ?? {})
const nightly = { ...pipeline!, on: { schedule: { cron: '0 2 * * *', zone: 'UTC' } } }
const policy = parsePolicy({ ...config, pipelines: { nightly } as Config['pipelines'] })
const alerts = ruleGroups(policy).flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []))

/** The first cells of the rows of the table below a heading. */
const rowsUnder = (heading: string): string[] => {
  const part = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return [...part.matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell = '']) => cell)
}

it('has a row for each alert, in their order', () => {
  expect(rowsUnder('Alerts')).toEqual(alerts)
})

it('has a row for each kind, and for each group of people', () => {
  const made = monitoringManifests(policy, { release: 'x', prober: 'y:1' })
  for (const { kind } of made) expect(page).toContain(`\n| ${kind} |`)
  expect(rowsUnder('Roles of people')).toEqual(
    (['viewers', 'operators'] as const).map((people) => groupOfPeople({ installation: '<installation>' }, people)),
  )
})

it('shows a policy that is taken, of an alert that there is', () => {
  const shown = /^drift: (\{ alerts: .+ \}),$/m.exec(page)?.[1] ?? ''
  const drift = Function(`return ${shown}`)() as { alerts: { name: string; labels: Record<string, string> }[] }
  const [service] = Object.entries(config.services ?? {})
  const taken = parsePolicy({ ...config, services: { [service![0]]: { ...service![1], drift } } })
  expect([...taken.found.byAlert.keys()]).toEqual(drift.alerts.map(({ name }) => name))
  for (const { name, labels } of drift.alerts) {
    expect(alerts).toContain(name)
    expect(Object.keys(labels)).toEqual(['signalbox_service'])
  }
})

it('shows callers that are taken, and a row for each pack that is made of them', () => {
  const shown = /callers: (\[[\s\S]*?\n {4}\]),/.exec(page)?.[1] ?? ''
  const callers = Function(`return ${shown}`)() as never
  const [service] = Object.entries(config.services ?? {})
  const taken = parsePolicy({ ...config, services: { [service![0]]: { ...service![1], callers } } })
  expect(rowsUnder('Who may call a service')).toEqual(['access', 'istio'])
  const made = packManifests(taken, ['access', 'istio'], { release: 'x', prober: null }).map(({ kind }) => kind)
  expect(made).toEqual(expect.arrayContaining(['NetworkPolicy', 'AuthorizationPolicy']))
})
