import { pinned } from '../../core/images/pinned.ts'
import { wantedImages } from '../../core/images/places.ts'
import type { KubeObject } from '../../core/kube.ts'
import type { Config } from '../../core/policy.ts'
import example from '../../examples/life.config.ts'
import { promote, type Simulation } from '../../local/scenario.ts'
import { clockOf, DAY, HOUR, MINUTE, MODEL, replicasOf, SERVE, TRAIN, timeline, upload } from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

export const WATCH = 'pipeline/support-watch'
const [BUCKET, SAMPLES] = ['acme-datasets', 'samples/support-llama/current/']

/** A config with the digests that its tags were found to have: here the same one for all, on what every node runs. */
export const withDigests = (config: unknown): Config => {
  const one = { digest: `sha256:${'b'.repeat(64)}`, platforms: ['linux/amd64'], from: 'x', resolved: 'y' }
  return pinned(config, Object.fromEntries(wantedImages(config).map(({ image }) => [image, one]))).config as Config
}

/** The policy of `examples/life.config.ts`, as it is in force. */
export const life = withDigests(example)

type Tasks = NonNullable<Simulation['tasks']>

/** What a good model measures: how a benchmark ends depends on its tasks, so nobody knows it by itself. */
const GOOD: Tasks = { benchmark: { metrics: { ifeval_prompt_level_strict_acc: 0.71 } } } as Tasks

/** Rows land in S3; stages behave as is said. */
export const land = (town: Town, day: string, tasks: Tasks = {}, more: Partial<Parameters<typeof upload>[2]> = {}) =>
  upload(town, day, { simulation: { tasks: { ...GOOD, ...tasks } }, ...more })

/** They land, are asked about and approved, and the pipeline comes to its end. */
export const trained = async (town: Town, day: string, tasks: Tasks = {}) => {
  await land(town, day, tasks)
  await town.answered(TRAIN)
  return town.settled(TRAIN)
}

/** The newest version of the model; null: there is none. */
export const newest = (town: Town) => town.house.registry.newest(MODEL)

/** How what serves the newest version will behave. It lies beside its weights, which stay what was measured. */
export const behaves = async (town: Town, simulation: Simulation): Promise<void> => {
  const { source = '' } = (await newest(town)) ?? {}
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.*)$/.exec(source) ?? []
  await town.house.objects.write(
    bucket,
    key.replace(/[^/]*$/, 'simulation.json'),
    Buffer.from(JSON.stringify(simulation)),
  )
}

/** A person promotes the newest version. */
export const promoteNewest = async (town: Town): Promise<string> => {
  const version = (await newest(town))?.version ?? ''
  await promote(town.house, MODEL, version)
  return version
}

/** It is promoted, asked about and approved, and the service comes to rest. */
export const served = async (town: Town) => {
  await promoteNewest(town)
  await town.answered(SERVE)
  return town.settled(SERVE)
}

/** What the service's requests are led to: the version, and how many replicas of which generation stand. */
export const serves = async (town: Town) => {
  const { baseline } = await town.lane(SERVE)
  const [service] = ((await town.house.cluster.list('Service')) as KubeObject<'Service'>[]).filter(
    ({ metadata }) => !/-g\d+$/.test(metadata.name),
  )
  return {
    version: (baseline?.desired as { version?: string } | undefined)?.version ?? null,
    replicas: await replicasOf(town),
    led: service?.spec?.selector?.['signalbox.dev/generation'] ?? null,
  }
}

/** How what the monitor samples will be found: as before, or otherwise. */
export const sampled = async (town: Town, how: Simulation): Promise<void> =>
  town.house.objects.write(BUCKET, `${SAMPLES}simulation.json`, Buffer.from(JSON.stringify(how)))
export const DRIFTS: Simulation = { metrics: { drifted: 1, drifted_columns: 3, drifted_share: 0.75, new_window: 1 } }
export const STEADY: Simulation = {}

/** The night goes by, to four o'clock in Berlin: the monitor has looked at its samples, and what it left was heard of. */
export const night = async (town: Town): Promise<void> => {
  const now = clockOf(town).now()
  const four = Math.floor(now / DAY) * DAY + 3 * HOUR
  await town.advance((four > now ? four : four + DAY) - now)
  await town.house.scanUploads()
  await town.advance(MINUTE)
}

/** What was said of a lane, the oldest first. */
export const saidOf = async (town: Town, lane: string): Promise<string> =>
  (await timeline(town, lane)).map(({ text }) => text).join('\n')

/** Somebody has the monitor look at its samples now, and what it left is heard of. */
export const looked = async (town: Town) => {
  await town.house.command({ kind: 'run', lane: WATCH, by: ANA })
  const ended = await town.settled(WATCH)
  await town.house.scanUploads()
  await town.advance(MINUTE)
  return ended
}

/** A town in which one version was trained, and serves. */
export const livedTown = async (): Promise<Town> => {
  const town = await openTown({ config: life })
  await trained(town, 'a')
  await served(town)
  return town
}
