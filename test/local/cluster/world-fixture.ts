import { DatabaseSync } from 'node:sqlite'
import type { KubeObject } from '../../../core/kube.ts'
import { label } from '../../../core/names.ts'
import {
  openSimulatedCluster,
  type SimulatedCluster,
  type SimulatedOptions,
} from '../../../local/cluster/simulated-cluster.ts'

export const START = Date.UTC(2026, 10, 23, 12)
export const MINUTE = 60_000

/** Objects in memory. */
export const memoryObjects = () => {
  const kept = new Map<string, Uint8Array>()
  const head = (bytes: Uint8Array) => ({
    size: bytes.length,
    versionId: null,
    lastModified: START,
    etag: 'e',
    sha256: null,
  })
  const objects: SimulatedOptions['objects'] & { text(path: string): string | null } = {
    read: async (bucket, key) => {
      const bytes = kept.get(`${bucket}/${key}`)
      return bytes === undefined ? null : { head: head(bytes), bytes }
    },
    write: async (bucket, key, bytes) => void kept.set(`${bucket}/${key}`, bytes),
    text: (path) => (kept.has(path) ? Buffer.from(kept.get(path) ?? []).toString('utf8') : null),
  }
  return objects
}

/** A simulated cluster on virtual time whose process can die. */
export interface Rig {
  cluster: SimulatedCluster
  database: DatabaseSync
  objects: ReturnType<typeof memoryObjects>
  now(): number
  /** Lives through so many minutes, stopping wherever something is due. */
  minutes(count: number): Promise<void>
  settle(until: () => Promise<boolean>): Promise<void>
  /** Another handle on the same database, the old one being forgotten. */
  reopen(): void
  simulate(bucket: string, folder: string, simulation: unknown): Promise<void>
  close(): Promise<void>
}

export const openRig = (options: Partial<SimulatedOptions> = {}): Rig => {
  let now = START
  const database = new DatabaseSync(':memory:')
  const objects = memoryObjects()
  const open = () => openSimulatedCluster({ file: database, clock: { now: () => now }, objects, ...options })
  const rig: Rig = {
    cluster: open(),
    database,
    objects,
    now: () => now,
    minutes: async (count) => {
      const end = now + count * MINUTE
      for (;;) {
        const next = await rig.cluster.advance(now)
        if (next === null || next > end) break
        now = next
      }
      now = end
      await rig.cluster.advance(now)
    },
    settle: async (until) => {
      for (let steps = 0; steps < 10_000; steps++) {
        const next = await rig.cluster.advance(now)
        if (await until()) return
        if (next === null) break
        now = next
      }
      throw new Error('it never came to be')
    },
    reopen: () => {
      rig.cluster = open()
    },
    simulate: (bucket, folder, simulation) =>
      objects.write(
        bucket,
        `${folder}simulation.json`,
        Buffer.from(typeof simulation === 'string' ? simulation : JSON.stringify(simulation)),
      ),
    close: async () => {
      rig.cluster.close()
      database.close()
    },
  }
  return rig
}

/** A Job as Signalbox launches it, reading from `s3://data/in/`. */
export const taskJob = (
  name: string,
  { task = 'fine-tune', spec = {}, pod = {} }: { task?: string; spec?: object; pod?: object } = {},
): KubeObject<'Job'> => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, namespace: 'training', labels: { app: name } },
  spec: {
    backoffLimit: 0,
    podFailurePolicy: {
      rules: [
        { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        { action: 'FailJob', onExitCodes: { containerName: 'main', operator: 'In', values: [42] } },
      ],
    },
    template: {
      metadata: { labels: { [label('lane')]: 'train.chats' } },
      spec: {
        restartPolicy: 'Never',
        containers: [
          {
            name: 'main',
            image: `registry.example/image@sha256:${'a'.repeat(64)}`,
            env: [
              { name: 'SIGNALBOX_TASK', value: task },
              { name: 'INPUT_URI', value: 's3://data/in/' },
              { name: 'BUCKET', value: 'results' },
              { name: 'RESULTS_URI', value: 's3://$(BUCKET)/runs' },
            ],
          },
        ],
        ...pod,
      },
    },
    ...spec,
  },
})
