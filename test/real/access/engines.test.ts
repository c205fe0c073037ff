import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ServeDesired } from '../../../core/desired.ts'
import { type KubeObject, refOf } from '../../../core/kube.ts'
import type { ServicePolicy } from '../../../core/policy.ts'
import type { EngineName } from '../../../core/workloads/engine-versions.ts'
import { ENGINES } from '../../../core/workloads/engines.ts'
import type { RunnerSource } from '../../../core/workloads/runner.ts'
import { editsOf } from '../../../core/workloads/same-content.ts'
import { servingObjects } from '../../../core/workloads/serving.ts'
import { objectPath, pathOf } from '../../../effects/cluster/paths.ts'
import { by, close, IMAGE, name, open, policy, serving } from './cast.ts'

beforeAll(open)
afterAll(close)

/** Nothing is made by asking so, and a field that Kubernetes does not know is refused. */
const STRICT = { dryRun: 'All', fieldValidation: 'Strict' }
const sha256 = { amd64: '1'.repeat(64), arm64: '2'.repeat(64) }
const SOURCES: Record<string, RunnerSource> = {
  'an image': { image: IMAGE },
  'a bucket': { image: IMAGE, uri: 's3://acme-results/signalbox-run', sha256 },
}
const LONG = 'm'.repeat(52)
const VERSIONS: Record<string, Partial<ServeDesired>> = {
  'small weights': { model: 'm', source: 's3://a/b' },
  'weights with a long address': { model: LONG, source: `s3://${'a'.repeat(63)}/${'b'.repeat(1000)}/` },
  'weights of a hostile address': { model: 'A.b_c-D', source: 's3://a/$(HOME)/--flag=$(x)/"`;&|\\' },
  'a repository': { model: 'm', source: `hf://meta-llama/Llama-3.1-8B@${'a1'.repeat(20)}` },
  'an adapter': { model: LONG, source: 's3://a/x/adapter/', base: 'hf://meta-llama/Llama-3.1-8B' },
}
const POLICIES: Record<string, Partial<ServicePolicy>> = {
  'as little as may be said': {},
  'all that may be said': {
    maxModelLen: 131_072,
    gpusPerReplica: 8,
    args: ['--x={"a": "$(b)"}', '-y', 'z'],
    loadMinutes: { p50: 100, p95: 527_040 },
    secrets: { HF_TOKEN: { secret: 'hugging-face', key: 'token' } },
  },
}

const made = (
  engine: EngineName,
  {
    version,
    service,
    runner,
  }: { version: Partial<ServeDesired>; service: Partial<ServicePolicy>; runner: RunnerSource },
) =>
  servingObjects({
    identity: { installation: policy.installation, ledger: 'feedfacecafe', name },
    run: { lane: `service/${name}`, generation: 1, attempt: 1 },
    desired: { kind: 'serve', version: '1', runId: null, digest: 'd', requester: null, ...version } as ServeDesired,
    service: { ...policy.services['support-llama']!, engine, image: IMAGE, ...service },
    engine: ENGINES[engine].at(-1)!,
    runner,
    namespace: serving,
  })

const cases = (['vllm', 'sglang', 'trtllm'] as const).flatMap((engine) =>
  Object.entries(VERSIONS).flatMap(([of, version]) =>
    Object.entries(POLICIES).flatMap(([said, service]) =>
      Object.entries(SOURCES).map(([from, runner]) => ({ engine, of, said, from, ...{ version, service, runner } })),
    ),
  ),
)

/** As the door applies it, but that nothing is made. */
const applied = (object: KubeObject) =>
  by('door').send({
    method: 'PATCH',
    path: objectPath(refOf(object)),
    type: 'application/apply-patch+yaml',
    query: { ...STRICT, fieldManager: 'signalbox-workload', force: 'true' },
    body: object,
  })

describe('a real API server takes, to the last field, and from the door, what is made to serve, and what it makes of it is no edit', () => {
  it.each(cases)('$engine: $of, $said, with the program of $from', async ({ engine, ...given }) => {
    for (const object of Object.values(made(engine, given)) as KubeObject[]) {
      const answer = await applied(object)
      expect(answer, `${object.kind}: ${JSON.stringify(answer.body)}`).toMatchObject({ status: 201 })
      for (const known of [object, null]) expect(editsOf(answer.body as KubeObject, known)).toEqual([])
    }
  })
})

it.each(cases)(
  'its pods are within the security of the namespace: $engine, $of, $said, $from',
  async ({ engine, ...given }) => {
    const { spec } = made(engine, given).deployment.spec?.template ?? {}
    // Of whom it is an admission policy asks; here is what a kubelet would be given.
    const { priorityClassName: _, ...pod } = spec ?? { containers: [] }
    const body = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'one' },
      spec: { ...pod, serviceAccountName: 'default' },
    }
    const answer = await by('admin').send({ method: 'POST', path: pathOf('Pod', serving), query: STRICT, body })
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 })
  },
)
