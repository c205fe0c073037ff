import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { expect, inject, it } from 'vitest'
import { runName } from '../../../core/names.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { openKubernetesCluster } from '../../../effects/cluster/kubernetes-cluster.ts'
import { openRequests } from '../../../effects/cluster/requests.ts'
import { openDynamoLedger } from '../../../effects/ledger/dynamo-ledger.ts'
import { openS3Objects } from '../../../effects/objects/s3-objects.ts'
import { openParameterPolicies } from '../../../effects/policies/parameter-policies.ts'
import { openMlflow } from '../../../effects/registry/mlflow-registry.ts'
import { openSecretsManager } from '../../../effects/secrets/secrets-manager.ts'
import type { Ports } from '../../../flows/ports.ts'
import { openRealCluster } from '../../../local/cluster/real-cluster.ts'
import { keepGoing } from '../../../local/drive.ts'
import { type LocalHouse, openHouse } from '../../../local/house.ts'
import { fixedPolicies } from '../../../local/policies/file-policies.ts'
import { fixedSecrets } from '../../../local/secrets/local-secrets.ts'
import { openStores } from '../../../local/stores.ts'
import { openSlackStandIn } from '../../effects/chat/slack-stand-in.ts'
import { mortal } from '../../faults/crashing.ts'
import { eventFor } from '../faults/many.ts'
import { seeded } from '../proxy.ts'
import { ANA, clear, furnish, ownConfig } from '../real-town.ts'
import { openMlflowServer } from '../registry/mlflow.ts'
import { openDynamoDb } from './dynamodb.ts'
import { openMoto } from './moto.ts'

const DEATHS = 20
const clock = { now: () => Date.now() }
const quiet = (): void => undefined
const named = (name: string, more: object = {}) => Object.assign(new Error(name), { name, ...more })

/** Throttles, transactions that meet, and answers that are lost after the commit happened; all of them seeded. */
const troubled = (client: DynamoDBClient, random: () => number, counts: Record<string, number>): DynamoDBClient => {
  const count = (what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1
  }
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const isCommit = (context as { commandName?: string }).commandName === 'TransactWriteItemsCommand'
      const dice = random()
      if (dice < 0.05) {
        count('throttled')
        throw named('ThrottlingException', { $retryable: { throttling: true }, $metadata: { httpStatusCode: 400 } })
      }
      if (isCommit && dice < 0.12) {
        count('conflicted')
        throw named('TransactionCanceledException', { CancellationReasons: [{ Code: 'TransactionConflict' }] })
      }
      const answer = await next(args)
      if (isCommit && dice > 0.95) {
        count('lost')
        throw named('TimeoutError', { code: 'ETIMEDOUT' })
      }
      return answer
    },
    { step: 'finalizeRequest', name: 'trouble', priority: 'low' },
  )
  return client
}

it('dataset to served model over the effects of AWS, with duplicates, throttles, lost answers and 20 deaths', async () => {
  const [dynamo, moto, mlflow] = [await openDynamoDb(), await openMoto(), await openMlflowServer()]
  const config = ownConfig(`aws-${process.pid}`)
  const policy = parsePolicy(config)
  const kubeconfig = () => loadKubeconfig({ file: inject('kubeconfig') })
  const requests = await openRequests(kubeconfig())
  await furnish(requests, policy)
  const outside = await openKubernetesCluster(kubeconfig(), { watched: ['Job'] })
  const made = new Map<string, string>()
  await outside.watch({ labels: { 'signalbox.dev/installation': policy.installation } }, ({ object }) => {
    made.set(object.metadata.uid ?? '', object.metadata.name)
  })

  const s3 = new S3Client({ ...moto.at, forcePathStyle: true })
  const [secretsClient, ssm] = [new SecretsManagerClient(moto.at), new SSMClient(moto.at)]
  const put = async (Bucket: string, Key: string, Body: string | Uint8Array): Promise<void> =>
    void (await s3.send(new PutObjectCommand({ Bucket, Key, Body })))
  for (const Bucket of ['acme-datasets', 'acme-results', 'assets'])
    await s3.send(
      new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }),
    )
  await put('assets', 'policy.json', JSON.stringify(config))
  await ssm.send(new PutParameterCommand({ Name: '/p', Type: 'String', Value: 's3://assets/policy.json' }))
  const secretValues = { 'mlflow-webhook': 'hook', 'slack-signing': 'sign' }
  for (const [name, SecretString] of Object.entries(secretValues))
    await secretsClient.send(new CreateSecretCommand({ Name: `s/${name}`, SecretString }))

  const counts: Record<string, number> = {}
  const random = seeded(11)
  const table = await dynamo.table()
  const ledger = openDynamoLedger({ client: troubled(dynamo.client(), random, counts), table, clock })
  const clean = openDynamoLedger({ client: dynamo.client(), table, clock })
  const objects = openS3Objects(s3)
  const slack = await openSlackStandIn(ledger)
  const registry = openMlflow({ url: mlflow.url })
  const overAws = (ports: Ports): Ports => ({
    ...ports,
    ledger,
    objects,
    chat: slack.chat,
    secrets: openSecretsManager({ client: secretsClient, prefix: 's', clock }),
    policies: openParameterPolicies({ client: ssm, parameter: '/p', objects, clock }),
  })

  // The engine and its executions stay in SQLite, in place of durable Lambda: the SDK and the workflow are the same.
  const stores = openStores(null)
  let alive: { house: LocalHouse; stop: () => Promise<void>; life: { dead: boolean } }
  let deaths = 0
  const open = async (): Promise<typeof alive> => {
    const death =
      deaths < DEATHS ? { at: 5 + Math.floor(random() * 60), when: random() < 0.5 ? 'before' : 'after' } : null
    let opened: LocalHouse | null = null
    const { wrap, life } = mortal(death as Parameters<typeof mortal>[0], () => {
      deaths++
      // At once: nothing that was under way may write another word.
      void opened?.close()
    })
    const house = await openHouse({
      stores,
      clock,
      registry,
      policies: fixedPolicies(policy),
      secrets: fixedSecrets({ ...secretValues, token: 't' }),
      wrap: (ports) => wrap(overAws(ports)),
      openCluster: () =>
        openRealCluster({
          config: kubeconfig(),
          clock,
          installation: policy.installation,
          minute: 100,
          onError: quiet,
          objects: { ...objects, write: put },
        }),
      onError: quiet,
    })
    opened = house
    const stop = keepGoing({ ...house, scanUploads: async () => undefined }, { speed: 1, onError: quiet })
    return { house, stop, life }
  }
  const openAgain = async (): Promise<void> => {
    for (;;) {
      try {
        alive = await open()
        return
      } catch {
        // It died while it started.
      }
    }
  }
  await openAgain()
  const revive = async (): Promise<void> => {
    if (!alive.life.dead) return
    await alive.stop()
    await openAgain()
  }
  const front = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const headers = request.headers as Record<string, string>
    const answer = alive.house.webhook('mlflow', { headers, body: Buffer.concat(chunks) })
    response
      .writeHead(
        await answer.then(
          ({ status }) => status,
          () => 500,
        ),
      )
      .end()
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}/`
  const events = [{ entity: 'MODEL_VERSION_ALIAS', action: 'CREATED' }]
  await mlflow.call('POST', 'webhooks', { name: 'signalbox', url, secret: 'hook', events })

  const stateOf = async (lane: string): Promise<string> => (await clean.read('lane', lane))?.value.state ?? 'none'
  /** Delivers again and again, as a producer that is not sure, approves what asks, and revives what died. */
  const until = async (lane: string, again: () => Promise<unknown>): Promise<void> => {
    for (const end = Date.now() + 240_000; Date.now() < end; await pause(250)) {
      await revive()
      if (random() < 0.2) await again().catch(quiet)
      const row = (await clean.read('lane', lane))?.value
      if (row?.state === 'succeeded') return
      if (row?.state === 'failed') throw new Error(JSON.stringify(row.outcome))
      const run = row?.holder ? await clean.read('run', runName(policy, { lane, ...row.holder })) : null
      const question = run?.value.answer ?? null
      const answer = question === null ? null : await clean.read('answer', question)
      if (question !== null && answer?.value.state === 'open' && answer.value.card !== null)
        await alive.house.answer(question, { by: ANA, verdict: 'approve', reason: null }).catch(quiet)
    }
    const moments = (await clean.moments(lane, { limit: 1000 })).filter(
      ({ kind }) => kind !== 'event' && kind !== 'decision',
    )
    throw new Error(`${lane} is ${await stateOf(lane)}:\n${moments.map(({ text }) => text).join('\n')}`)
  }
  await put('acme-datasets', 'support-chats/one/part-0.jsonl', '{"a":1}')
  const manifest = { version: 1, objects: [{ key: 'support-chats/one/part-0.jsonl', size: 7 }] }
  await put('acme-datasets', 'support-chats/one/manifest.json', JSON.stringify(manifest))
  const upload = () => alive.house.deliver(eventFor('support-chats/one/manifest.json'))
  await upload().catch(quiet)
  await until('train/support-chats', upload)
  const promote = () =>
    mlflow.call('POST', 'registered-models/alias', { name: 'support-llama', alias: 'champion', version: '1' })
  await promote()
  await until('serve/support-llama', promote)

  const names = [...made.values()].sort()
  expect(names).toHaveLength(3)
  expect(new Set(names).size).toBe(3)
  const { model_versions: versions } = await mlflow.call('GET', 'model-versions/search', {
    filter: "name = 'support-llama'",
  })
  expect(versions).toHaveLength(1)
  const keys = slack.messages.map(({ metadata }) => (metadata as { event_payload: { key: string } }).event_payload.key)
  expect(new Set(keys).size).toBe(keys.length)
  console.log(
    `${deaths} deaths, ${counts['throttled']} throttles, ${counts['conflicted']} transaction conflicts, ${counts['lost']} answers lost after the commit: ${names.length} Jobs, ${keys.length} cards, 1 version, both lanes succeeded`,
  )
  expect(deaths).toBe(DEATHS)

  await alive!.stop()
  await alive!.house.close()
  await clear(requests, policy)
  await outside.close()
  await requests.close()
  await slack.close()
  await registry.close()
  front.closeAllConnections()
  front.close()
  for (const end of [mlflow.close, moto.close, dynamo.close]) await end()
}, 600_000)
