import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, inject, it, vi } from 'vitest'
import { runName } from '../../../core/names.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { openKubernetesCluster } from '../../../effects/cluster/kubernetes-cluster.ts'
import { openRequests } from '../../../effects/cluster/requests.ts'
import type { LocalHouse } from '../../../local/house.ts'
import { eventFor } from '../faults/many.ts'
import { seeded } from '../proxy.ts'
import { ANA, clear, furnish, ownConfig } from '../real-town.ts'
import { openAwsTown } from './aws-town.ts'
import { openMortalHouse } from './mortal-house.ts'

const DEATHS = 20
const quiet = (): void => undefined
const kubeconfig = () => loadKubeconfig({ file: inject('kubeconfig') })

/** The front of the registry's webhooks: whoever is alive answers. */
const openFront = async (house: () => LocalHouse) => {
  const server = createServer(async (request, response) => {
    const headers = request.headers as Record<string, string>
    const body = Buffer.from(await text(request))
    const status = await house()
      .webhook('mlflow', { headers, body })
      .then(
        ({ status }) => status,
        () => 500,
      )
    response.writeHead(status).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = (): void => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close }
}

it('dataset to served model over the effects of AWS, durable Lambda’s too, with duplicates, throttles, lost answers and 20 deaths', async () => {
  const config = ownConfig(`aws-${process.pid}`)
  const policy = parsePolicy(config)
  const requests = await openRequests(kubeconfig())
  await furnish(requests, policy)
  const outside = await openKubernetesCluster(kubeconfig(), { watched: ['Job'] })
  const made = new Map<string, string>()
  await outside.watch({ labels: { 'signalbox.dev/installation': policy.installation } }, ({ object }) => {
    made.set(object.metadata.uid ?? '', object.metadata.name)
  })
  const random = seeded(11)
  const town = await openAwsTown(config, random)
  // The durable SDK's own client finds Lambda so.
  for (const [name, value] of Object.entries(town.lambda.environment)) vi.stubEnv(name, value)
  // After each death it says that its checkpoint was refused.
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const { clean, mlflow, slack, put, counts, lambda } = town
  const mortals = await openMortalHouse({ town, policy, kubeconfig, random, deaths: DEATHS })
  const front = await openFront(mortals.house)
  const events = [{ entity: 'MODEL_VERSION_ALIAS', action: 'CREATED' }]
  await mlflow.call('POST', 'webhooks', { name: 'signalbox', url: front.url, secret: 'hook', events })

  /** Delivers again and again, as a producer that is not sure, approves what asks, and revives what died. */
  const until = async (lane: string, generation: number, again: () => Promise<unknown>): Promise<void> => {
    for (const end = Date.now() + 240_000; Date.now() < end; await pause(250)) {
      await mortals.revive()
      if (random() < 0.2) await again().catch(quiet)
      const row = (await clean.read('lane', lane))?.value
      if (row?.state === 'succeeded' && row.generation === generation) return
      if (row?.state === 'failed') throw new Error(JSON.stringify(row.outcome))
      const run = row?.holder ? await clean.read('run', runName(policy, { lane, ...row.holder })) : null
      const question = run?.value.answer ?? null
      const answer = question === null ? null : await clean.read('answer', question)
      if (question !== null && answer?.value.state === 'open' && answer.value.card !== null)
        await mortals.house().answer(question, { by: ANA, verdict: 'approve', reason: null }).catch(quiet)
    }
    const said = (await clean.moments(lane, { limit: 1000 })).filter(
      ({ kind }) => kind !== 'event' && kind !== 'decision',
    )
    throw new Error(`${lane} is not done:\n${[...said.map((moment) => moment.text), ...mortals.failures].join('\n')}`)
  }
  /** The nth dataset, to its end: two Jobs, one version. */
  const train = async (n: number): Promise<void> => {
    const folder = `support-chats/${n}`
    await put('acme-datasets', `${folder}/part-0.jsonl`, '{"a":1}')
    const manifest = { version: 1, objects: [{ key: `${folder}/part-0.jsonl`, size: 7 }] }
    await put('acme-datasets', `${folder}/manifest.json`, JSON.stringify(manifest))
    const upload = () => mortals.house().deliver(eventFor(`${folder}/manifest.json`))
    await upload().catch(quiet)
    await until('train/support-chats', n, upload)
  }
  let datasets = 1
  await train(datasets)
  const promote = () =>
    mlflow.call('POST', 'registered-models/alias', { name: 'support-llama', alias: 'champion', version: '1' })
  await promote()
  await until('serve/support-llama', 1, promote)
  // How many calls a dataset takes depends on the machine: there are as many as it takes for every death.
  while (mortals.deaths() < DEATHS && datasets < 8) await train(++datasets)

  const names = [...made.values()].sort()
  expect(names).toHaveLength(2 * datasets + 1)
  expect(new Set(names).size).toBe(names.length)
  const { model_versions: versions } = await mlflow.call('GET', 'model-versions/search', {
    filter: "name = 'support-llama'",
  })
  expect(versions).toHaveLength(datasets)
  const keys = slack.messages.map(({ metadata }) => (metadata as { event_payload: { key: string } }).event_payload.key)
  expect(new Set(keys).size).toBe(keys.length)
  console.log(
    `${mortals.deaths()} deaths, ${counts['throttled']} throttles, ${counts['conflicted']} transaction conflicts, ${counts['lost']} answers lost after the commit: ${names.length} Jobs, ${keys.length} cards, ${datasets} versions, both lanes succeeded`,
  )
  console.log(`Lambda was asked: ${JSON.stringify(lambda.counts)}`)
  expect(mortals.deaths()).toBe(DEATHS)
  for (const trouble of ['Checkpoint throttled', 'Checkpoint lost']) expect(lambda.counts[trouble]).toBeGreaterThan(0)

  await mortals.close()
  await clear(requests, policy)
  await outside.close()
  await requests.close()
  front.close()
  await town.close()
  vi.unstubAllEnvs()
}, 600_000)
