import { describe, expect, it } from 'vitest'
import { workloadAdmission } from '../../../core/bootstrap/admission-of-workloads.ts'
import { label } from '../../../core/names.ts'
import { evaluate } from './evaluate.ts'

const policies = workloadAdmission({ installation: 'ours', namespaces: { training: 'a', serving: 'b' } })
const policyOf = (name: string) => policies.find((one) => one.name === name) as (typeof policies)[number]

const RUNG = { [label('suspended-by')]: 'ml-monthly#suspend-preemptible', [label('fence-suspend')]: '7' }
const workload = (active: boolean | undefined, annotations: object | null = { note: 'a' }, more: object = {}) => ({
  metadata: { labels: { team: 'a' }, ...(annotations === null ? {} : { annotations }) },
  spec: { queueName: 'gpu', ...(active === undefined ? {} : { active }), ...more },
})

describe('a Workload that a rung has deactivated', () => {
  const asks = (object: object, oldObject: object): boolean =>
    Object.values(policyOf('workloads').when).every((expression) => evaluate(expression, { object, oldObject }))

  it.each<[string, object, object, boolean]>([
    ['is activated', workload(true, RUNG), workload(false, RUNG), true],
    ['is said nothing of, which activates it', workload(undefined, RUNG), workload(false, RUNG), true],
    ['loses the mark', workload(false), workload(false, RUNG), true],
    ['loses every annotation', workload(false, null), workload(false, RUNG), true],
    ['gets another fence', workload(false, { ...RUNG, [label('fence-suspend')]: '9' }), workload(false, RUNG), true],
    ['is given another annotation', workload(false, { ...RUNG, note: 'a' }), workload(false, RUNG), false],
    ['is changed otherwise, as by Kueue', workload(false, RUNG, { priority: 7 }), workload(false, RUNG), false],
  ])('that %s: who may speak for Signalbox is asked for, or not', (_, object, oldObject, asked) => {
    expect(asks(object, oldObject)).toBe(asked)
  })

  it('of others anybody may', () => {
    expect(asks(workload(true), workload(false))).toBe(false)
    expect(asks(workload(false), workload(true))).toBe(false)
  })

  it('is of the training namespace', () => {
    expect(policyOf('workloads')).toMatchObject({ namespaces: ['a'], rules: [{ operations: ['UPDATE'] }] })
  })
})

describe('a door', () => {
  const may = (object: object | null, oldObject: object | null): boolean =>
    policyOf('workloads-by-door').validations.every(({ expression }) =>
      evaluate(expression, { object: object as object, oldObject }),
    )

  it('says whether a Workload is active, and by whom, and changes, makes and deletes nothing else', () => {
    expect(may(workload(false, { note: 'a', ...RUNG }), workload(true))).toBe(true)
    expect(may(workload(true), workload(false, { note: 'a', ...RUNG }))).toBe(true)
    expect(may(workload(false, RUNG), workload(true, null))).toBe(true)
    expect(may(workload(true, { note: 'b' }), workload(true))).toBe(false)
    expect(may(workload(true, { note: 'a' }, { priority: 9 }), workload(true))).toBe(false)
    expect(may({ ...workload(true), metadata: { labels: {}, annotations: { note: 'a' } } }, workload(true))).toBe(false)
    expect([may(workload(true), null), may(null, workload(true))]).toEqual([false, false])
  })
})
