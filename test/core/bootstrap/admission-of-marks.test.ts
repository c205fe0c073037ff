import { describe, expect, it } from 'vitest'
import { markAdmission } from '../../../core/bootstrap/admission-of-marks.ts'
import { label } from '../../../core/names.ts'
import { evaluate } from './evaluate.ts'

const policies = markAdmission({ installation: 'ours', namespaces: { training: 'a', serving: 'b' } })
const policyOf = (name: string) => policies.find((one) => one.name === name) as (typeof policies)[number]

/** Whether the policy asks who it is that makes an object, or makes another of one that stands. */
const asks = (name: string, object: object, oldObject: object | null): boolean =>
  Object.values(policyOf(name).when).every((expression) => evaluate(expression, { object, oldObject }))

const OURS = { [label('installation')]: 'ours' }
const bare = { metadata: {} }
const labelled = (labels: object, annotations?: object) => ({
  metadata: { labels, ...(annotations === undefined ? {} : { annotations }) },
})

describe('who says that something is Signalbox’s', () => {
  it.each<[string, object, object | null, boolean]>([
    ['makes it with our label', labelled(OURS), null, true],
    ['makes it with another label of ours', labelled({ [label('lane')]: 'service.a' }), null, true],
    ['makes it with an annotation of ours', labelled({}, { [label('digest')]: 'a' }), null, true],
    ['makes it without any', labelled({ app: 'a' }, { note: 'a' }), null, false],
    ['makes it with nothing at all', bare, null, false],
    ['gives our label to what stands', labelled(OURS), bare, true],
    ['gives an annotation of ours to what stands', labelled({}, { [label('token')]: 'a' }), bare, true],
    ['changes a label of ours', labelled({ ...OURS, [label('lane')]: 'b' }), labelled(OURS), true],
    ['takes an annotation of ours off', labelled(OURS), labelled(OURS, { [label('fence-scale')]: '7' }), true],
    ['leaves what is ours as it is', labelled({ ...OURS, app: 'a' }), labelled(OURS), false],
    ['leaves what is nobody’s as it is', labelled({ app: 'b' }), labelled({ app: 'a' }), false],
    // The policy that says so to everybody answers it, in words of its own.
    ['takes the installation’s label off', bare, labelled(OURS), false],
  ])('who %s: asked for the right, or not', (_what, object, oldObject, asked) => {
    expect(asks('marks', object, oldObject)).toBe(asked)
  })

  it('is asked where it is made and where it is changed, of each kind that we make', () => {
    expect(policyOf('marks').rules.map(({ operations, resources }) => [operations, resources])).toEqual(
      ['jobs', 'deployments', 'services', 'poddisruptionbudgets'].map((kind) => [['CREATE', 'UPDATE'], [kind]]),
    )
  })

  it('of what has no namespace is whoever bootstraps, and each installation says it of its own', () => {
    expect(policyOf('places').rules.flatMap(({ resources }) => resources)).toEqual([
      'namespaces',
      'nodepools',
      'priorityclasses',
    ])
    const theirs = labelled({ [label('installation')]: 'theirs' })
    for (const [object, oldObject, asked] of [
      [labelled(OURS), null, true],
      [labelled(OURS), bare, true],
      [labelled(OURS), labelled(OURS), false],
      [theirs, null, false],
      [bare, null, false],
    ] as const)
      expect(asks('places', object, oldObject), JSON.stringify([object, oldObject])).toBe(asked)
    expect(policyOf('places').validations[0]?.expression).toContain("name('signalbox-ours-label').check('patch')")
  })
})

describe('who scales what is ours', () => {
  const scale = (selector: string | undefined) => ({ spec: {}, status: { selector } })
  const own = `${label('installation')}=ours`

  it.each<[string, string | undefined, boolean]>([
    ['all of its Deployments', own, true],
    ['whatever their selectors have besides', `app=a,${own},${label('lane')}=service.a`, true],
    ['no Deployment of another installation, whose name begins with ours', `${own}-2`, false],
    ['none of others', 'app=a', false],
    ['nothing that selects nothing', undefined, false],
  ])('by a Scale, asked about %s', (_what, selector, asked) => {
    expect(asks('scale', scale('app=whatever the writer says'), scale(selector))).toBe(asked)
  })

  it('by the Deployment itself, once the number changes', () => {
    const of = (replicas: number, labels: object = OURS) => ({ ...labelled(labels), spec: { replicas } })
    expect(asks('replicas', of(0), of(2))).toBe(true)
    expect(asks('replicas', of(2), of(2))).toBe(false)
    expect(asks('replicas', of(0, {}), of(2, {}))).toBe(false)
  })

  it('reads where the number is said', () => {
    for (const name of ['scale', 'replicas'])
      expect(policyOf(name).validations[0]?.message).toContain('`replicas` of the service in Signalbox’s policy')
  })
})

it('who lets a Job go that a rung has suspended is asked for the right to speak for Signalbox; Kueue’s, and what a person has suspended, is theirs', () => {
  const job = (suspend: boolean | undefined, annotations?: object, labels: object = OURS) => ({
    ...labelled(labels, annotations),
    spec: suspend === undefined ? {} : { suspend },
  })
  const by = { [label('suspended-by')]: 'ml-monthly#suspend-preemptible' }
  for (const [object, oldObject, asked] of [
    [job(false, by), job(true, by), true],
    [job(undefined, by), job(true, by), true],
    [job(false), job(true, by), true],
    [job(true, by), job(true, by), false],
    [job(true, by), job(false), false],
    [job(false), job(true), false],
    [job(false, by, {}), job(true, by, {}), false],
  ] as const)
    expect(asks('suspended', object, oldObject), JSON.stringify([object, oldObject])).toBe(asked)
  expect(policyOf('suspended').rules.flatMap(({ resources }) => resources)).toEqual(['jobs'])
})
