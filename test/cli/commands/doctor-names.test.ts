import { expect, it } from 'vitest'
import { namesFindings } from '../../../cli/commands/doctor-names.ts'
import { namedInCluster } from '../../../core/policy/cluster-names.ts'
import { parsePolicy } from '../../../core/policy.ts'
import type { Answer, Call } from '../../../effects/cluster/requests.ts'
import { exampleConfig } from '../../core/training-fixture.ts'
import { stagesOf } from '../../variants.ts'

const config = exampleConfig()
config.pools['gpu-train']!.queue = 'ml'
stagesOf(config.pipelines!['support-chats']!).train.secrets = { HF_TOKEN: { secret: 'hub', key: 'token' } }
const policy = parsePolicy(config)

/** A cluster that has everything but what is said of a path's end. */
const without = async (missing: Record<string, Answer>): Promise<string[]> => {
  const send = async ({ path }: Call): Promise<Answer> => {
    const said = Object.entries(missing).find(([end]) => path.endsWith(end))?.[1]
    const group = path.replace('/apis/', '')
    return said ?? { status: 200, body: { preferredVersion: { groupVersion: `${group}/v1` }, metadata: {} } }
  }
  const findings = await namesFindings({ send }, policy)
  return findings.map(({ check, ok, detail }) => `${ok} ${check}: ${detail}`)
}
const GONE = { status: 404, body: {} }

it('says in one line that all is there', async () => {
  expect(await without({})).toEqual([
    `true names in the cluster: ${namedInCluster(policy).length} objects of the policy: all are there`,
  ])
})

it('names each thing that is not there, who names it, and what makes it', async () => {
  expect(
    await without({ '/training/secrets/hub': GONE, '/localqueues/ml': GONE, '/namespaces/serving': GONE }),
  ).toEqual([
    'false Namespace serving: it is not there: `signalbox bootstrap --context NAME --apply` makes it (named by namespaces.serving)',
    expect.stringMatching(
      /^false LocalQueue ml in training: it is not there: `kubectl kueue create localqueue ml -n training .*\(named by pools\.gpu-train\.queue\)$/,
    ),
    'false Secret hub in training: it is not there: `kubectl -n training create secret generic hub --from-file=token=FILE` (named by pipelines.support-chats.stages.0)',
  ])
})

it('a Secret without the key, a cluster without Kueue, and what one may not look for', async () => {
  const other = { status: 200, body: { metadata: { managedFields: [{ fieldsV1: { 'f:data': { 'f:tokn': {} } } }] } } }
  expect(
    await without({
      '/secrets/hub': other,
      '/apis/kueue.x-k8s.io': GONE,
      '/nodepools/gpu-serve': { status: 403, body: {} },
    }),
  ).toEqual([
    'false NodePool gpu-serve: you may not look for it: to look, you need the right to get it (named by pools.gpu-serve)',
    expect.stringMatching(/^false LocalQueue ml in training: the cluster knows no LocalQueue: install what brings it/),
    'false Secret hub in training: it has no key token, only tokn: `kubectl -n training edit secret hub` (named by pipelines.support-chats.stages.0)',
  ])
})

it('one that cannot be looked for hides no other', async () => {
  const [first, ...rest] = await without({ '/secrets/hub': { status: 500, body: {} }, '/localqueues/ml': GONE })
  expect(first).toMatch(/LocalQueue ml/)
  expect(rest).toEqual([expect.stringMatching(/^false Secret hub in training: it could not be looked for: /)])
})
