import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { ServeDesired } from '../../core/desired.ts'
import { whyRunnerEnded } from '../../core/pods/runner-ends.ts'
import { parsePolicy } from '../../core/policy.ts'
import type { EngineName } from '../../core/workloads/engine-versions.ts'
import { ENGINES } from '../../core/workloads/engines.ts'
import { FETCHER } from '../../core/workloads/fetching.ts'
import { servingObjects } from '../../core/workloads/serving.ts'
import { exampleConfig } from '../core/training-fixture.ts'
import { BUCKET, openTown, type Town } from './runner.ts'

let town: Town
/** What is `/` to a pod. */
let root: string
beforeAll(async () => {
  town = await openTown()
})
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-served-'))
})
afterEach(() => rmSync(root, { recursive: true }))
afterAll(() => town?.close())

const image = `acme/x@sha256:${'ab'.repeat(32)}`
const service = parsePolicy(exampleConfig()).services['code-llama']!

/** The pod that an engine would serve this in. */
const podOf = (engine: EngineName, version: Partial<ServeDesired>) =>
  servingObjects({
    identity: { installation: 'signalbox', ledger: 'feedfacecafe', name: 'service-code-llama-0123abcd' },
    run: { lane: 'service/code-llama', generation: 1, attempt: 1 },
    desired: { kind: 'serve', model: 'code-llama', version: '1', runId: null, digest: 'd', ...version } as ServeDesired,
    service: { ...service, engine, image },
    engine: ENGINES[engine].at(-1)!,
    runner: { image },
    namespace: 'serving',
  }).deployment.spec!.template.spec!

/** What the container that fetches does, with a folder of this machine in the place of the pod's. */
const fetched = async (pod: ReturnType<typeof podOf>) => {
  const { command = [] } = pod.initContainers!.find(({ name }) => name === FETCHER)!
  return town.run({ args: command.slice(1).map((one) => (one.startsWith('/signalbox') ? join(root, one) : one)) })
}

it.each<[EngineName, Partial<ServeDesired>, RegExp]>([
  ['vllm', { source: `s3://${BUCKET}/runs/a/out/adapter`, base: 'hf://a/b' }, /^--lora-modules=code-llama=(.*)$/],
  ['sglang', { source: `s3://${BUCKET}/runs/a/out/weights` }, /^--model-path=(.*)$/],
  ['trtllm', { source: `s3://${BUCKET}/runs/a/out/weights/` }, /^(\/signalbox\/.*)$/],
])('%s finds what was fetched where its arguments say', async (engine, version, told) => {
  await town.put('runs/a/out/adapter/adapter_config.json', '{"r": 16}')
  await town.put('runs/a/out/adapter/adapter_model.safetensors', 'weights')
  await town.put('runs/a/out/weights/config.json', '{"r": 16}')
  await town.put('runs/a/out/weights/model.safetensors', 'weights')
  const pod = podOf(engine, version)
  expect(await fetched(pod)).toMatchObject({ code: 0 })
  const place = pod.containers[0]!.args!.flatMap((one) => told.exec(one)?.[1] ?? [])[0]!
  const file = engine === 'vllm' ? 'adapter_config.json' : 'config.json'
  expect(readFileSync(join(root, place, file), 'utf8')).toBe('{"r": 16}')
})

it('what is not there ends it, and why is read as that of a stage is', async () => {
  const pod = podOf('vllm', { source: `s3://${BUCKET}/nothing/adapter`, base: 'hf://a/b' })
  const { code, message, said } = await fetched(pod)
  expect(code).toBe(42)
  expect(existsSync(join(root, 'signalbox/in/code-llama/adapter_config.json'))).toBe(false)
  expect(
    whyRunnerEnded(pod, { name: FETCHER, exitCode: code ?? 0, message, logs: said.trim().split('\n') }),
  ).toMatchObject({
    note: expect.stringContaining(`s3://${BUCKET}/nothing/adapter`),
  })
})
