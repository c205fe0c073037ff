import { describe, expect, it } from 'vitest'
import { groupOfPeople, peopleManifests } from '../../../core/bootstrap/people.ts'
import { groupOf } from '../../../core/bootstrap/rights.ts'
import { parsePolicy } from '../../../core/policy.ts'
import config from '../../example.ts'

interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
  resourceNames?: string[]
}
const policy = parsePolicy(config)
const made = peopleManifests(policy)
const rulesOf = (people: string) =>
  made
    .filter(({ kind, metadata }) => kind.endsWith('Role') && metadata.name.endsWith(people))
    .flatMap((one) => one['rules'] as Rule[])

describe('roles of people', () => {
  it('who looks changes nothing, and reads neither Secrets nor what programs print', () => {
    const rules = rulesOf('viewers')
    expect(new Set(rules.flatMap(({ verbs }) => verbs))).toEqual(new Set(['get', 'list', 'watch']))
    const resources = rules.flatMap((rule) => rule.resources)
    for (const one of ['secrets', 'pods/log', 'pods/exec', '*']) expect(resources).not.toContain(one)
    expect(
      rules.filter(({ resources: [of] }) => of === 'configmaps').map(({ resourceNames }) => resourceNames),
    ).toEqual([['signalbox'], ['signalbox']])
  })

  it('who operates also reads what programs print and has a pod made anew, and no more', () => {
    const rules = rulesOf('operators').map(({ resources, verbs }) => `${resources.join()} ${verbs.join()}`)
    expect(new Set(rules)).toEqual(new Set(['pods/log get', 'pods delete']))
  })

  it('each is bound to its group, which is none of a door’s', () => {
    const bound = made
      .filter(({ kind }) => kind.endsWith('Binding'))
      .map(({ metadata, ...one }) => [metadata.name, (one['subjects'] as { name: string }[]).map(({ name }) => name)])
    const [viewers, operators] = [groupOfPeople(policy, 'viewers'), groupOfPeople(policy, 'operators')]
    for (const [name, groups] of bound)
      expect(groups).toEqual(String(name).endsWith('viewers') ? [viewers, operators] : [operators])
    expect(viewers.startsWith(groupOf(policy, ''))).toBe(false)
  })

  it('one namespace for both has each role once', () => {
    const both = peopleManifests(parsePolicy({ ...config, namespaces: { training: 'ml', serving: 'ml' } }))
    const names = both.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
    expect(new Set(names).size).toBe(names.length)
  })
})
