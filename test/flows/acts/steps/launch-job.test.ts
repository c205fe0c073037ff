import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../../core/kube.ts'
import type { LaneDocument } from '../../../../core/lane/document.ts'
import { runOnceName } from '../../../../core/names.ts'
import type { LaunchJobStep } from '../../../../core/plan.ts'
import { type PastRow, pastId } from '../../../../core/rows.ts'
import { withToken } from '../../../../core/steps/launch-job.ts'
import { withDigest } from '../../../../core/workloads/object-digest.ts'
import { launchJob } from '../../../../flows/acts/steps/launch-job.ts'
import type { WorkPorts } from '../../../../flows/ports.ts'
import { memoryLedger } from '../../../../local/ledger/memory-ledger.ts'
import { HOUR, NOW, PIPELINE, planRow, running, runOf, viewOf, wanted } from '../../../core/lane/fixture.ts'

const step = planRow.plan.steps[0] as LaunchJobStep
const SECRET = viewOf().secret
/** The same work, as this ledger made it under another name an hour ago. */
const jobOf = (name: string, over: object = {}, status: object = {}): KubeObject<'Job'> => ({
  ...withToken({ ...step.job, metadata: { ...step.job.metadata, name, uid: 'u', ...over } }, SECRET),
  status,
})
const at = (time: number) => ({ creationTimestamp: new Date(time).toISOString() })

interface Given {
  keeps?: boolean
  doc?: Partial<LaneDocument>
  generationFrom?: number
  standing?: KubeObject[]
  create?: object
  get?: KubeObject | null
  past?: PastRow['run']
}
const begun = async ({ keeps = true, doc, generationFrom = 100, standing = [], create, get = null, past }: Given) => {
  const ledger = memoryLedger()
  const value = { run: past, endedAt: NOW } as unknown as PastRow
  if (past !== undefined) await ledger.commit([{ put: 'past', id: pastId(PIPELINE, past), revision: 0, value }])
  const cluster = {
    list: async () => standing,
    get: async () => get,
    create: async (object: KubeObject) => create ?? { kind: 'created', object },
  }
  const ports = { cluster, ledger } as unknown as WorkPorts
  const run = runOf({ phase: 'steps', steps: [running()] })
  const key = { lane: PIPELINE, generation: 1, attempt: 1 }
  const view = viewOf({ doc: wanted({ generation: 101, ...doc }), generationFrom })
  return launchJob.begin({ ports, view, step: { ...step, keeps }, mark: running(), run, key, plan: planRow.plan })
}

describe('where the ledger was restored, a Job that it made for the same and has forgotten', () => {
  const name = runOnceName(wanted(), { generation: 7, attempt: 1 }, 'train')
  const earlier = jobOf(name, at(NOW - HOUR))
  const note = `Job ${name}, made before a restore`

  it('is made use of', async () => {
    expect(await begun({ standing: [earlier] })).toMatchObject({ kind: 'begun', made: { uid: 'u' }, note })
  })

  it('is made use of though the policy gives it other hours by now', async () => {
    const { spec, metadata } = step.job
    const job = withDigest({ ...step.job, spec: { ...spec!, activeDeadlineSeconds: 60 } })
    const { annotations } = withToken({ ...job, metadata: { ...job.metadata, name } }, SECRET).metadata
    const shorter = { ...jobOf(name, { ...at(NOW - HOUR), annotations }), spec: job.spec! }
    expect(annotations).not.toMatchObject(metadata.annotations!)
    expect(await begun({ standing: [shorter] })).toMatchObject({ kind: 'begun', made: { uid: 'u' }, note })
  })

  it.each<[string, Given]>([
    ['nothing was restored', { generationFrom: 0 }],
    ['it measures: a gate is judged anew', { keeps: false }],
    ['a person wants it done once more', { doc: { redo: ['train'] } }],
    ['it has failed', { standing: [jobOf(name, {}, { conditions: [{ type: 'Failed', status: 'True' }] })] }],
    ['it is being deleted', { standing: [jobOf(name, { deletionTimestamp: '2026-11-24T09:00:00Z' })] }],
    ['somebody else has made it', { standing: [{ ...earlier, metadata: { ...earlier.metadata, annotations: {} } }] }],
    [
      'a run since then has made use of it',
      { past: runOf({ steps: [running({ made: { uid: 'u', ref: {} } as never })] }) },
    ],
  ])('is left alone where %s', async (_, given) => {
    expect(await begun({ standing: [earlier], ...given })).toMatchObject({
      kind: 'begun',
      note: `Job ${step.job.metadata.name}`,
    })
  })
})

describe('a Job that is there under the name', () => {
  const exists = (made: number) => ({ create: { kind: 'exists', object: jobOf(step.job.metadata.name, at(made)) } })
  const TAKEN = { kind: 'failed', reason: 'name-taken' }
  it.each<[string, Given, object]>([
    ['of this try is what was asked for', { ...exists(NOW), keeps: false }, { kind: 'begun' }],
    ['of before a restore is, where its result may be kept', exists(NOW - HOUR), { kind: 'begun' }],
    ['of before a restore is not, where it measures', { ...exists(NOW - HOUR), keeps: false }, TAKEN],
    [
      'of before a restore is not, where a person wants it done once more',
      { ...exists(NOW - HOUR), doc: { redo: ['train'] } },
      TAKEN,
    ],
  ])('%s', async (_, given, stepped) => {
    expect(await begun(given)).toMatchObject(stepped)
  })

  it('though another one is refused: the answer to the first request was lost', async () => {
    const create = { kind: 'denied', status: 403, message: 'exceeded quota' }
    expect(await begun({ create, get: jobOf(step.job.metadata.name) })).toMatchObject({ kind: 'begun' })
    expect(await begun({ create })).toMatchObject({ kind: 'failed', reason: 'denied' })
  })
})
