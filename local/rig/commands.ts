import { join } from 'node:path'
import type { Program } from './binaries.ts'

/** Free ports of one rig. */
export interface RigPorts {
  etcd: number
  peer: number
  apiserver: number
  manager: number
  scheduler: number
  kwok: number
  metrics: number
  health: number
}
export const PORT_NAMES = ['etcd', 'peer', 'apiserver', 'manager', 'scheduler', 'kwok', 'metrics', 'health'] as const

export interface Command {
  program: Program
  args: string[]
  environment?: Record<string, string> | undefined
  /** Answers 200 once it is ready. */
  ready: string
}

/** The kubeconfig of each user of the rig, by name, in its folder. */
export const kubeconfigFile = (dir: string, user: 'admin' | 'manager' | 'scheduler'): string =>
  join(dir, `${user}.kubeconfig`)

/** The scheduler's configuration, in its folder. */
export const SCHEDULER_FILE = 'scheduler.json'

/**
 * Its own but for the backoff: by default a pod that has found no room a few times is left out for ten seconds, and one
 * of lower priority may take what comes free meanwhile. What is promised here of priorities is seen within one second.
 */
export const schedulerConfiguration = (dir: string): object => ({
  apiVersion: 'kubescheduler.config.k8s.io/v1',
  kind: 'KubeSchedulerConfiguration',
  clientConnection: { kubeconfig: kubeconfigFile(dir, 'scheduler') },
  leaderElection: { leaderElect: false },
  podInitialBackoffSeconds: 1,
  podMaxBackoffSeconds: 1,
})

/** What keeps state: the API server waits for its etcd. */
export const foundation = (dir: string, ports: RigPorts): Command[] => {
  const [client, peer] = [`http://127.0.0.1:${ports.etcd}`, `http://127.0.0.1:${ports.peer}`]
  return [
    {
      program: 'etcd',
      args: [
        `--data-dir=${join(dir, 'etcd')}`,
        '--name=node0',
        `--listen-client-urls=${client}`,
        `--advertise-client-urls=${client}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=node0=${peer}`,
        '--unsafe-no-fsync',
        '--log-level=warn',
      ],
      ready: `${client}/health`,
    },
    {
      program: 'kube-apiserver',
      args: [
        `--etcd-servers=${client}`,
        '--bind-address=127.0.0.1',
        `--secure-port=${ports.apiserver}`,
        `--cert-dir=${join(dir, 'certs')}`,
        `--token-auth-file=${join(dir, 'tokens.csv')}`,
        '--authorization-mode=RBAC',
        '--service-account-issuer=https://kubernetes.default.svc',
        `--service-account-key-file=${join(dir, 'sa.key')}`,
        `--service-account-signing-key-file=${join(dir, 'sa.key')}`,
        '--service-cluster-ip-range=10.96.0.0/16',
        '--allow-privileged=true',
        '--endpoint-reconciler-type=none',
      ],
      ready: `https://127.0.0.1:${ports.apiserver}/readyz`,
    },
  ]
}

/** What makes things happen; to be started once the CRDs are established. */
export const controllers = (dir: string, ports: RigPorts): Command[] => [
  ...kubernetesControllers(dir, ports),
  {
    program: 'kwok',
    args: [
      `--kubeconfig=${kubeconfigFile(dir, 'admin')}`,
      `--config=${join(dir, 'kwok.yaml')}`,
      '--node-ip=127.0.0.1',
      `--server-address=127.0.0.1:${ports.kwok}`,
    ],
    ready: `http://127.0.0.1:${ports.kwok}/healthz`,
  },
  {
    program: 'karpenter',
    args: [],
    environment: {
      KUBECONFIG: kubeconfigFile(dir, 'admin'),
      DISABLE_LEADER_ELECTION: 'true',
      METRICS_PORT: String(ports.metrics),
      HEALTH_PROBE_PORT: String(ports.health),
      LOG_LEVEL: 'info',
      FEATURE_GATES: 'StaticCapacity=true,NodeOverlay=true',
      INSTANCE_TYPES_FILE_PATH: join(dir, 'instance-types.json'),
    },
    ready: `http://127.0.0.1:${ports.health}/readyz`,
  },
]

const kubernetesControllers = (dir: string, ports: RigPorts): Command[] => [
  {
    program: 'kube-controller-manager',
    args: [
      `--kubeconfig=${kubeconfigFile(dir, 'manager')}`,
      `--service-account-private-key-file=${join(dir, 'sa.key')}`,
      `--root-ca-file=${join(dir, 'certs/apiserver.crt')}`,
      '--use-service-account-credentials=true',
      // A node joins with a NoExecute taint, which Karpenter takes away at once. Where this machine is slow the controller
      // hears of a pod there before it hears of that, and evicts it. Nothing here lives by that controller.
      '--controllers=*,-taint-eviction-controller',
      // Its default is 20 a second, which a few tests side by side use up.
      '--kube-api-qps=500',
      '--kube-api-burst=1000',
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--secure-port=${ports.manager}`,
      `--cert-dir=${join(dir, 'certs')}`,
      // Its default is a folder of the system.
      `--flex-volume-plugin-dir=${join(dir, 'flexvolume')}`,
    ],
    ready: `https://127.0.0.1:${ports.manager}/healthz`,
  },
  {
    program: 'kube-scheduler',
    args: [
      `--kubeconfig=${kubeconfigFile(dir, 'scheduler')}`,
      `--config=${join(dir, SCHEDULER_FILE)}`,
      // Its default is five minutes: how long a pod stays unseen where word of what made room for it was missed.
      '--pod-max-in-unschedulable-pods-duration=30s',
      '--bind-address=127.0.0.1',
      `--secure-port=${ports.scheduler}`,
      `--cert-dir=${join(dir, 'certs')}`,
    ],
    ready: `https://127.0.0.1:${ports.scheduler}/healthz`,
  },
]
