import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type Verdict, verdictOf } from '../../events/drift-report.ts'
import { config, trainedTown, watched } from '../journeys/drifting.ts'
import { HOUR, TRAIN } from '../journeys/scenes.ts'
import type { Town as Lanes } from '../journeys/town.ts'
import { BUCKET, openTown, type Town } from '../runner/runner.ts'

/** Evidently itself, behind `signalbox-run` and against a stand-in of S3: samples that drift and samples that do not, and what becomes of what it says. */
const PYTHON = process.env['SIGNALBOX_DRIFT_PYTHON'] ?? ''
const ROOT = join(import.meta.dirname, '../..')
const PLACE = { bucket: 'acme-datasets', prefix: 'monitors/support-llama/' }

let town: Town
let lanes: Lanes | null = null
beforeAll(async () => {
  if (!existsSync(PYTHON)) throw new Error('SIGNALBOX_DRIFT_PYTHON names no Python with Evidently: see docs/presets.md')
  town = await openTown()
  await town.client.send(
    new CreateBucketCommand({
      Bucket: PLACE.bucket,
      CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
    }),
  )
  await town.put('samples/reference/a.jsonl', sample(1))
})
afterAll(() => town?.close())
afterEach(async () => {
  await lanes?.close()
  lanes = null
})

/** Numbers from 0 to 1, the same ones for the same seed. */
const numbers = (seed: number) => {
  let at = seed
  return () => {
    at = (at * 48_271) % 2_147_483_647
    return at / 2_147_483_647
  }
}

/** Rows of what a service was asked and answered: short questions about a few things; with `drift` long ones about others. */
const sample = (seed: number, { drift = false, rows = 300 } = {}): string => {
  const next = numbers(seed * 7919)
  const topics = drift ? ['refund', 'outage', 'legal'] : ['order', 'delivery', 'invoice', 'refund']
  return Array.from({ length: rows }, () => {
    const words = Math.floor((drift ? 60 : 5) + next() * 30)
    return JSON.stringify({
      prompt: Array.from({ length: words }, () => Math.floor(next() * 1e6).toString(36)).join(' '),
      answer_tokens: Math.round((drift ? 400 : 120) + 80 * (next() + next() - 1)),
      topic: topics[Math.floor(next() * topics.length)],
      rated: next() < 0.1 ? null : Math.ceil(next() * 5),
    })
  }).join('\n')
}

let windows = 0
/** One look at samples, as a pod of its own. */
const look = async (env: Record<string, string>) => {
  const lane = `pipeline-watch-${windows++}`
  const ended = await town.run({
    lane,
    args: ['run', '--', PYTHON, join(ROOT, 'images/drift/drift.py')],
    env: {
      ...{
        PYTHONPATH: join(ROOT, 'images/common'),
        PYTHONDONTWRITEBYTECODE: '1',
        OMP_NUM_THREADS: '1',
        DO_NOT_TRACK: '1',
      },
      ...{ SIGNALBOX_TASK: 'drift-monitor', SERVED_MODEL: 'support-llama' },
      REPORTS: `s3://${PLACE.bucket}/${PLACE.prefix}`,
      ...env,
    },
  })
  return { ...ended, result: await town.result(lane, 1) }
}
/** A dataset that has both samples, brought into the pod; or samples that are streamed from where they lie. */
const fetched = (name: string) => ({ SIGNALBOX_INPUTS: 'dataset', INPUT_URI: `s3://${BUCKET}/samples/${name}/` })
const streamed = (name: string) => ({
  SIGNALBOX_INPUTS: 'none',
  CURRENT: `s3://${BUCKET}/samples/${name}/`,
  REFERENCE: `s3://${BUCKET}/samples/reference/`,
})

/** Reports in the order in which they were left. */
const reports = async (): Promise<{ key: string; text: string; verdict: Verdict; said: Record<string, string> }[]> => {
  const { Contents = [] } = await town.client.send(new ListObjectsV2Command({ Bucket: PLACE.bucket }))
  const all = Contents.map(async ({ Key: key = '', LastModified }) => {
    const { Body } = await town.client.send(new GetObjectCommand({ Bucket: PLACE.bucket, Key: key }))
    const { Metadata: said = {} } = await town.client.send(new HeadObjectCommand({ Bucket: PLACE.bucket, Key: key }))
    const text = (await Body?.transformToString()) ?? ''
    return { key, text, said, at: LastModified?.getTime() ?? 0, verdict: verdictOf(Buffer.from(text)) }
  })
  return (await Promise.all(all)).sort((a, b) => a.at - b.at)
}

it('samples that are as before are no drift, others are; the same samples are one window; what cannot be told is neither', async () => {
  await town.put('samples/same/current/a.jsonl', sample(2))
  await town.put('samples/same/reference/a.jsonl', sample(1))
  const same = await look(fetched('same'))
  expect(same.code, same.said).toBe(0)
  expect(same.result).toMatchObject({
    ok: true,
    result: { metrics: { drifted: 0, columns: 4, rows_current: 300, rows_reference: 300, new_window: 1 } },
  })
  const [steady, ...others] = await reports()
  expect([steady?.verdict.kind, others]).toEqual(['steady', []])
  expect(steady?.key).toMatch(/^monitors\/support-llama\/[0-9a-f]{16}\/drift\.json$/)
  expect(steady?.said).toMatchObject({ model: 'support-llama', window: steady?.key.split('/')[2] })

  for (const night of [3, 4]) {
    await town.put(`samples/night-${night}/a.jsonl`, sample(night, { drift: true }))
    const drifted = await look(streamed(`night-${night}`))
    expect(drifted.code, drifted.said).toBe(0)
    expect(drifted.result).toMatchObject({ ok: true, result: { metrics: { drifted: 1, new_window: 1 } } })
    console.log(
      drifted.said.split('\n').find((line) => line.startsWith('signalbox: window')),
      JSON.stringify(drifted.result),
    )
  }
  const again = await look(streamed('night-4'))
  expect(again.result).toMatchObject({ ok: true, result: { metrics: { drifted: 1, new_window: 0 } } })
  const left = await reports()
  expect(left.map(({ verdict }) => verdict.kind).sort()).toEqual(['drifts', 'drifts', 'steady'])
  console.log(left.map(({ verdict, text }) => `${JSON.stringify(verdict)}, ${text.length} bytes`).join('\n'))

  // A number that is none, a column that is empty, too few rows: each ends it, and no report says that nothing drifts.
  const bad: [string, string, number, RegExp][] = [
    [
      'nan',
      `${sample(5)}\n{"prompt": "a", "answer_tokens": NaN, "topic": "order", "rated": 1}`,
      42,
      /a\.jsonl:301: NaN is no JSON/,
    ],
    ['empty', sample(6).replaceAll(/"rated":[^}]+/g, '"rated":null'), 42, /rated has no value in one of the samples/],
    ['few', sample(7, { rows: 20 }), 42, /has 20 rows/],
  ]
  for (const [name, text, code, why] of bad) {
    await town.put(`samples/${name}/a.jsonl`, text)
    const ended = await look(streamed(name))
    expect([ended.code, ended.said, ended.result]).toEqual([code, expect.stringMatching(why), null])
  }
  expect(await reports()).toHaveLength(3)
})

it('two windows that drift begin what is to cure it, by the reports as they lie there', async () => {
  lanes = await trainedTown({ ...config, services: watched({ alerts: [], reports: PLACE }) })
  await lanes.advance(7 * HOUR)
  for (const { key, text } of await reports()) {
    expect(await lanes.question(TRAIN)).toBeNull()
    await lanes.house.objects.write(PLACE.bucket, key, Buffer.from(text))
    await lanes.house.scanUploads()
    await lanes.advance(HOUR)
  }
  expect((await lanes.plan(TRAIN))?.plan.reasons[0]).toContain('monitors/support-llama/ fires since')
  console.log((await lanes.plan(TRAIN))?.plan.reasons[0])
})
