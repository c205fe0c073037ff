import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { emptyDocument, type LaneDocument, type Run } from '../../core/lane/document.ts'
import { judgeDeployment, judgeJob, type Known, SURELY_OVER } from '../../core/orphans.ts'
import type { PastRow } from '../../core/rows.ts'
import { withToken } from '../../core/steps/launch-job.ts'

const [LEDGER, SECRET] = ['feedfacecafe', 'kept from everybody']
const LANE = 'pipeline/support-chats'
const PLACE = { installation: 'signalbox', cluster: 'ml-prod', ledger: LEDGER }
const NOW = 10 * SURELY_OVER

const docOf = (over: Partial<LaneDocument> = {}): LaneDocument => ({
  ...emptyDocument(PLACE, LANE),
  generation: 3,
  attempt: 1,
  since: 0,
  ...over,
})
const made = (uid: string) => ({ ref: { kind: 'Job', namespace: 'training', name: 'x' }, uid, result: {} })
const runWith = (uid: string, generation: number, attempt = 1): Run =>
  ({ generation, attempt, steps: [{ name: 'train', made: made(uid) }] }) as unknown as Run
const past = (uid: string, endedAt = 0): PastRow => ({ run: runWith(uid, 2), endedAt }) as PastRow
const known = (over: Partial<Known> = {}): Known => ({
  ledger: LEDGER,
  secret: SECRET,
  generationFrom: 0,
  installation: 'signalbox',
  doc: docOf(),
  past: past('u'),
  now: NOW,
  ...over,
})
const ours = { 'signalbox.dev/ledger': LEDGER, 'signalbox.dev/installation': 'signalbox' }
const job = (suffix = 'g2a1-train', over: object = {}): KubeObject<'Job'> =>
  ({
    kind: 'Job',
    metadata: { name: `${docOf().name}-${suffix}`, namespace: 'training', uid: 'u', labels: ours, ...over },
  }) as unknown as KubeObject<'Job'>

describe('an orphan is', () => {
  it('a Job that this ledger wrote down, whose run is over since T', () => {
    expect(judgeJob(job(), known())).toEqual({ kind: 'orphan', lane: LANE, why: 'its run g2a1 is over' })
    // Whatever became of its labels.
    expect(judgeJob(job('g2a1-train', { labels: {} }), known()).kind).toBe('orphan')
  })

  it('a Job with a token that only this ledger can have given to it, though nobody wrote down that it was made', () => {
    expect(judgeJob(withToken(job(), SECRET), known({ past: null })).kind).toBe('orphan')
    expect(judgeJob(withToken(job(), SECRET), known({ past: past('another') })).kind).toBe('orphan')
  })
})

describe('no orphan is', () => {
  it.each<[string, KubeObject<'Job'>, Partial<Known>]>([
    ['what ended', { ...job(), status: { conditions: [{ type: 'Failed', status: 'True' }] } } as KubeObject<'Job'>, {}],
    ['what is being deleted', job('g2a1-train', { deletionTimestamp: '2026-11-23T12:00:00Z' }), {}],
    ['what is of the run under way', job(), { doc: docOf({ run: runWith('v', 2) }) }],
    ['what the run under way has adopted', job(), { doc: docOf({ run: runWith('u', 3) }) }],
    ['what was over only now', job(), { past: past('u', NOW - SURELY_OVER) }],
    [
      'what nobody wrote down and is over only now',
      withToken(job(), SECRET),
      { past: null, doc: docOf({ since: NOW - 1000 }) },
    ],
    ['a Job of somebody else', job('g2a1-train', { name: 'nightly-backup', labels: {} }), { doc: null, past: null }],
  ])('%s', (_, object, over) => expect(judgeJob(object, known(over))).toEqual({ kind: 'fine' }))
})

describe('shown and never touched is', () => {
  it.each<[string, KubeObject<'Job'>, Partial<Known>, RegExp]>([
    [
      'what carries our labels and is named after no lane',
      job('g2a1-train', { name: 'stray' }),
      { doc: null },
      /no lane of this ledger/,
    ],
    [
      'what an earlier ledger of the installation made',
      job('g1a1-train', { labels: { 'signalbox.dev/installation': 'signalbox' } }),
      { doc: null },
      /no lane of this ledger/,
    ],
    ['a Job of a run that this ledger does not know yet', job('g4a1-train'), { past: null }, /does not know/],
    ['a later attempt', job('g3a2-train'), { past: null }, /does not know/],
    [
      'a Job of our name that nobody wrote down and that does not say who made it',
      job('g2a1-train', { labels: {} }),
      { past: null },
      /nothing that is written down/,
    ],
    [
      'a Job of our name and labels with another’s token',
      withToken(job(), 'another ledger’s'),
      { past: null },
      /nothing that is written down/,
    ],
    [
      'one with any token, where the ledger has no secret yet',
      withToken(job(), ''),
      { past: null, secret: null },
      /nothing/,
    ],
  ])('%s', (_, object, over, why) => {
    const verdict = judgeJob(object, known(over))
    expect(verdict.kind).toBe('stranger')
    expect((verdict as { why: string }).why).toMatch(why)
  })

  it('a copy that somebody made of a Job that is written down', () => {
    const copy = withToken(job('g2a1-train', { uid: 'another' }), SECRET)
    const run = {
      ...runWith('u', 2),
      steps: [{ made: { ...made('u'), ref: { kind: 'Job', name: copy.metadata.name } } }],
    }
    expect(judgeJob(copy, known({ past: { run, endedAt: 0 } as unknown as PastRow }))).toMatchObject({
      kind: 'stranger',
    })
  })

  it.each<[string, string, Partial<Known>]>([
    ['of a later generation', 'g4a1-train', {}],
    ['of a later attempt', 'g3a2-train', {}],
    ['of a lane that it does not know', 'g2a1-train', { doc: null }],
    ['of before it adopted its namespaces, on no record', 'g2a1-train', { generationFrom: 2 }],
  ])('what a ledger that was restored has made and forgotten, %s', (_, suffix, over) => {
    expect(judgeJob(withToken(job(suffix), SECRET), known({ past: null, ...over }))).toMatchObject({
      kind: 'forgotten',
    })
  })

  it('a Deployment that carries our labels and is named after no lane, while it has replicas', () => {
    const deployment = (replicas: number) =>
      ({
        kind: 'Deployment',
        metadata: { name: 'x-g1', labels: ours },
        spec: { replicas },
      }) as unknown as KubeObject<'Deployment'>
    expect(judgeDeployment(deployment(1), known({ doc: null })).kind).toBe('stranger')
    expect(judgeDeployment(deployment(0), known({ doc: null })).kind).toBe('fine')
    expect(judgeDeployment(deployment(1), known()).kind).toBe('fine')
  })
})
