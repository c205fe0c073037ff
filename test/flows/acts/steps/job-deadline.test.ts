import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../../core/kube.ts'
import type { LaunchJobStep } from '../../../../core/plan.ts'
import { MADE_WITH } from '../../../../core/workloads/work-digest.ts'
import { withDeadline } from '../../../../flows/acts/steps/job-deadline.ts'
import { Unavailable, type WorkPorts } from '../../../../flows/ports.ts'
import { HOUR, MINUTE, NOW, planRow, running, runOf, viewOf, wanted } from '../../../core/lane/fixture.ts'

const step = planRow.plan.steps[0] as LaunchJobStep
const made = step.job.spec!.activeDeadlineSeconds!
const job = (over: object = {}, annotations: Record<string, string> = {}): KubeObject<'Job'> => ({
  ...step.job,
  metadata: { ...step.job.metadata, uid: 'u', annotations },
  spec: { ...step.job.spec!, ...over },
  status: { startTime: new Date(NOW - 5 * HOUR) },
})
const pod = {
  spec: { nodeName: 'n' },
  status: { phase: 'Running', startTime: new Date(NOW - HOUR) },
} as unknown as KubeObject<'Pod'>
const wait = { kind: 'wait', note: 'running on n', until: NOW + 9 * HOUR, running: true, ranFrom: NOW - HOUR } as const

/** What was written, and what became of the look. */
const looked = async (found: KubeObject<'Job'> | null, answer: unknown = 'patched') => {
  const written: unknown[] = []
  const cluster = {
    patch: async (_: unknown, uid: string, patch: unknown) => {
      written.push(uid, patch)
      if (answer instanceof Error) throw answer
      return answer
    },
  }
  const mark = running({ touched: true, ranFrom: NOW - HOUR })
  const run = runOf({ phase: 'steps', steps: [mark] })
  const view = viewOf({ doc: wanted({ run }), plan: planRow })
  const key = { lane: view.doc.lane, generation: 1, attempt: 1 }
  const task = { ports: { cluster } as unknown as WorkPorts, view, step, mark, run, key, plan: planRow.plan }
  return { stepped: await withDeadline(task, wait, { job: found, pods: [pod] }), written }
}

describe('a Job that waited for four hours before it came to its node', () => {
  it('is given its hours from there, and it stays written with how many it was made', async () => {
    const seconds = 4 * 3600 + made
    const patch = { metadata: { annotations: { [MADE_WITH]: String(made) } }, spec: { activeDeadlineSeconds: seconds } }
    expect(await looked(job())).toEqual({ stepped: wait, written: ['u', patch] })
    const known = job({ activeDeadlineSeconds: 60 }, { [MADE_WITH]: '7200' })
    expect((await looked(known)).written[1]).toMatchObject({ metadata: { annotations: { [MADE_WITH]: '7200' } } })
    const { activeDeadlineSeconds: _, ...without } = step.job.spec!
    expect((await looked({ ...job(), spec: without })).written[1]).toEqual({
      metadata: { annotations: {} },
      spec: { activeDeadlineSeconds: seconds },
    })
  })

  it('is written to once, and not where it is gone', async () => {
    expect((await looked(job({ activeDeadlineSeconds: 4 * 3600 + made }))).written).toEqual([])
    expect((await looked(null)).written).toEqual([])
    expect((await looked(job(), 'gone')).stepped).toBe(wait)
  })

  it.each([
    ['the cluster refuses', { kind: 'denied', status: 422, message: 'spec: Forbidden' }, 'spec: Forbidden'],
    ['the cluster does not answer', new Unavailable('no answer'), 'no answer'],
    ['somebody else writes', 'moved', 'somebody else has written it meanwhile'],
  ])('works on where %s: that is told, and tried again', async (_, answer, said) => {
    expect((await looked(job(), answer)).stepped).toMatchObject({
      kind: 'wait',
      running: true,
      note: `running on n; how long it may take could not be written: ${said}`,
      until: NOW + 5 * MINUTE,
    })
  })

  it('a bug of ours is none of the cluster’s', async () => {
    await expect(looked(job(), new TypeError('x'))).rejects.toThrow('x')
  })
})
