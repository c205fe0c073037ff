import { expect, it } from 'vitest'
import { packManifests } from '../../../core/bootstrap/packs.ts'
import { unreadOf } from '../../../core/bootstrap/unread.ts'
import { parsePolicy } from '../../../core/policy.ts'
import config from '../../example.ts'

const made = packManifests(parsePolicy(config), ['monitoring', 'access'], { release: 'prometheus', prober: null })
const all = (selector: unknown) => ({
  spec: { podMonitorSelector: selector, serviceMonitorSelector: selector, ruleSelector: selector },
})
const release = (name: string) => all({ matchLabels: { release: name } })
const by = (operator: string, values?: string[]) => all({ matchExpressions: [{ key: 'release', operator, values }] })

it.each([
  ['chooses by our release', [release('prometheus')]],
  ['chooses all', [all({})]],
  ['chooses by a list with it', [by('In', ['a', 'prometheus'])]],
  ['leaves out others', [by('NotIn', ['a'])]],
  ['chooses what has any', [by('Exists')]],
  ['stands beside one that does not', [release('kps'), release('prometheus')]],
])('says nothing where a Prometheus %s', (_, prometheuses) => {
  expect(unreadOf(made, prometheuses)).toEqual([])
})

it('says of each kind which release is read instead', () => {
  expect(unreadOf(made, [release('kps')])).toEqual(
    ['PodMonitor', 'PrometheusRule'].map(
      (kind) => `no Prometheus of the cluster reads ${kind}s of the release prometheus, but of kps: \`--release kps\``,
    ),
  )
})

it.each([
  ['left out', undefined],
  ['null', null],
  ['of another label', { matchLabels: { team: 'a' } }],
  ['of another list', { matchExpressions: [{ key: 'release', operator: 'In', values: ['a'] }] }],
  ['against it', { matchExpressions: [{ key: 'release', operator: 'NotIn', values: ['prometheus'] }] }],
  ['for what has none', { matchExpressions: [{ key: 'release', operator: 'DoesNotExist' }] }],
])('a selector that is %s reads nothing of ours', (_, selector) => {
  expect(unreadOf(made, [all(selector), 'odd'])[0]).toBe(
    'no Prometheus of the cluster reads PodMonitors of the release prometheus',
  )
})

it('where the operator runs no Prometheus, and of what is none of its kinds, nothing is known', () => {
  expect(unreadOf(made, [])).toEqual([])
  expect(
    unreadOf(
      made.filter(({ kind }) => kind === 'ConfigMap'),
      [release('kps')],
    ),
  ).toEqual([])
})
