import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Requests } from '../../effects/cluster/requests.ts'
import { moduleDirectory } from './binaries.ts'

const NODE_CLASSES = '/apis/karpenter.kwok.sh/v1alpha1/kwoknodeclasses'
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** The node class that the rig's NodePools name: a node registers two seconds after its launch. */
export const NODE_CLASS = { group: 'karpenter.kwok.sh', kind: 'KWOKNodeClass', name: 'default' } as const

/** Karpenter's CRDs from its own module, installed and established; nothing else is, since each costs memory. */
export const installCrds = async (requests: Requests): Promise<void> => {
  const karpenter = await moduleDirectory('sigs.k8s.io/karpenter')
  const files = ['pkg/apis/crds', 'kwok/apis/crds'].flatMap((folder) =>
    readdirSync(join(karpenter, folder))
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => readFileSync(join(karpenter, folder, name), 'utf8')),
  )
  for (const text of files) {
    const name = /^ {2}name: (\S+)$/m.exec(text)?.[1] ?? ''
    await put(requests, `${CRDS}/${name}`, text)
    await untilEstablished(requests, `${CRDS}/${name}`)
  }
}

/** What a cluster has before Signalbox comes: a node without GPUs, the node class, the namespaces. */
export const furnish = async (requests: Requests, namespaces: string[]): Promise<void> => {
  await requests.send({ method: 'POST', path: '/api/v1/nodes', body: cpuNode })
  const { group, kind, name } = NODE_CLASS
  const nodeClass = { apiVersion: `${group}/v1alpha1`, kind, metadata: { name }, spec: { nodeRegistrationDelay: '2s' } }
  await put(requests, `${NODE_CLASSES}/${name}`, nodeClass)
  for (const namespace of namespaces) {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }
    await requests.send({ method: 'POST', path: '/api/v1/namespaces', body })
  }
}

const ROOM = { cpu: '64', memory: '256Gi', pods: '500' }
const cpuNode = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'cpu-0', annotations: { 'kwok.x-k8s.io/node': 'fake' } },
  status: { capacity: ROOM, allocatable: ROOM },
}

const put = async (requests: Requests, path: string, body: object | string): Promise<void> => {
  const query = { fieldManager: 'rig', force: 'true' }
  const answer = await requests.send({ method: 'PATCH', path, query, body, type: 'application/apply-patch+yaml' })
  if (answer.status > 201) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
}

const untilEstablished = async (requests: Requests, path: string): Promise<void> => {
  for (let waited = 0; waited < 20_000; waited += 50) {
    const { body } = await requests.send({ method: 'GET', path })
    const { status } = body as { status?: { conditions?: { type: string; status: string }[] } }
    if (status?.conditions?.some((one) => one.type === 'Established' && one.status === 'True')) return
    await pause(50)
  }
  throw new Error(`${path} was not established in 20 s`)
}

const OPTIONS = {
  apiVersion: 'config.kwok.x-k8s.io/v1alpha1',
  kind: 'KwokConfiguration',
  options: {
    manageNodesWithAnnotationSelector: 'kwok.x-k8s.io/node=fake',
    // A pod that is bound before kwok holds its node's lease is never looked at again, which a slow machine shows: without
    // leases a node says by its status that it lives, and its pods are listed once it is known.
    nodeLeaseDurationSeconds: 0,
    // Else each pod has the address of this machine, which no EndpointSlice may have.
    cidr: '10.244.0.1/16',
    // Without these kwok ends at once.
    podPlayStageParallelism: 4,
    nodePlayStageParallelism: 4,
  },
}

/** A variable of pods that kwok places and takes away, and never says to be ready: somebody else writes their status. */
export const OWN_KUBELET = 'OWN_KUBELET'

/** kwok's configuration: how fake nodes and pods live, from its own module. */
export const kwokConfiguration = async (): Promise<string> => {
  const stages = join(await moduleDirectory('sigs.k8s.io/kwok'), 'kustomize/stage')
  const yamlIn = (folder: string): string[] =>
    readdirSync(join(stages, folder))
      .filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
      .map((name) => join(folder, name))
  const files = [
    'node/fast/node-initialize.yaml',
    'node/heartbeat/node-heartbeat.yaml',
    ...yamlIn('pod/general'),
    'pod/chaos/pod-container-running-failed.yaml',
  ]
  const texts = files.map((file) => readFileSync(join(stages, file), 'utf8'))
  return [JSON.stringify(OPTIONS), ...texts.map(adjusted), JSON.stringify(POD_ENDED)].join('\n---\n')
}

/**
 * Three stages live otherwise here. kwok ends the pods of Jobs after a few seconds: the containers of ours end when what
 * they play is over (containers.ts). It lets every pod use up its grace: ours drain at once, as an idle server does. And
 * a pod whose environment names a kubelet of its own becomes ready when that one says so.
 */
const adjusted = (stage: string): string => {
  if (stage.includes('name: pod-complete')) return without(stage, 'SIGNALBOX_TASK')
  if (stage.includes('name: pod-ready')) return without(stage, OWN_KUBELET)
  return stage.includes('name: pod-delete') ? stage.replace(/^ {4}jitterDurationFrom:\n.*\n/m, '') : stage
}

/**
 * A pod of a Job that is told to go ends as failed, as kubelet says of it, whether its containers ran or not. kwok has no
 * word for that: without it the Job waits for the end of its pod, and the pod for the Job's finalizer.
 */
const POD_ENDED = {
  apiVersion: 'kwok.x-k8s.io/v1alpha1',
  kind: 'Stage',
  metadata: { name: 'pod-ended' },
  spec: {
    resourceRef: { apiGroup: 'v1', kind: 'Pod' },
    selector: {
      matchExpressions: [
        { key: '.metadata.deletionTimestamp', operator: 'Exists' },
        { key: '.metadata.ownerReferences.[].kind', operator: 'In', values: ['Job'] },
        { key: '.status.phase', operator: 'In', values: ['Pending', 'Running'] },
        { key: `.spec.containers.[].env.[]? | select( .name == "${OWN_KUBELET}" ) | .value`, operator: 'DoesNotExist' },
      ],
    },
    weight: 1,
    delay: { durationMilliseconds: 1000 },
    next: {
      statusTemplate: `{{ $now := Now }}
containerStatuses:
{{ range .spec.containers }}
- image: {{ .image | Quote }}
  name: {{ .name | Quote }}
  ready: false
  restartCount: 0
  started: false
  state:
    terminated:
      exitCode: 137
      finishedAt: {{ $now | Quote }}
      reason: Error
      startedAt: {{ $now | Quote }}
{{ end }}
phase: Failed
`,
    },
  },
}

/** The stage, but for pods with a variable of that name. */
const without = (stage: string, variable: string): string =>
  stage.replace(
    /^ {4}matchExpressions:\n/m,
    `$&    - key: '.spec.containers.[].env.[]? | select( .name == "${variable}" ) | .value'\n      operator: 'DoesNotExist'\n`,
  )
