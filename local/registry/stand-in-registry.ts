import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { type Clock, Refused } from '../../flows/ports.ts'
import type { ModelVersion, Registry } from '../../flows/registry-port.ts'
import type { RawAnswer, RawRequest } from '../house-type.ts'
import { pythonJson } from './python-json.ts'
import { aliasProblem, nameProblem, sourceProblem, stageProblem } from './refusals.ts'
import { type RestAnswer, restOf } from './rest.ts'
import { openShelf, type Shelf, type Version } from './shelf.ts'

export interface RegistryOptions {
  database: DatabaseSync
  clock: Clock
  /** Signs a delivery as MLflow does. */
  sign(given: { secret: string; body: Uint8Array; now: number; deliveryId: string }): Record<string, string>
  secret(): Promise<string>
  /** Where webhooks go. */
  deliver(request: RawRequest): Promise<RawAnswer>
}

/** A small registry with MLflow's REST answers and its webhooks of versions, aliases and tags. */
export interface StandInRegistry extends Registry {
  /** Sets or moves an alias and sends the webhook, as MLflow does: also when nothing changed. */
  setAlias(model: string, alias: string, version: string): Promise<void>
  deleteAlias(model: string, alias: string): Promise<void>
  setTag(model: string, version: string, key: string, value: string): Promise<void>
  deleteTag(model: string, version: string, key: string): Promise<void>
  rest(method: string, path: string, input: Record<string, unknown>): Promise<RestAnswer>
}

export const openRegistry = ({ database, clock, sign, secret, deliver }: RegistryOptions): StandInRegistry => {
  const shelf = openShelf(database, clock)
  const send = async (entity: string, action: string, data: Record<string, unknown>): Promise<void> => {
    const timestamp = new Date(clock.now()).toISOString().replace('Z', '000+00:00')
    const body = Buffer.from(pythonJson({ entity, action, timestamp, data }))
    const signed = sign({ secret: await secret(), body, now: clock.now(), deliveryId: randomUUID() })
    // Best effort, as MLflow's: what is lost here, the resync finds.
    await deliver({ headers: { 'content-type': 'application/json', ...signed }, body }).catch(() => undefined)
  }
  const sendMade = ({ name, version, source, runId, tags }: Version): Promise<void> =>
    send('model_version', 'created', { name, version, source, run_id: runId, tags, description: null })
  const versionOf = (model: string, version: string): Version => {
    const found = shelf.find(model, version)
    if (found === null) throw new Error(`there is no version ${version} of ${model}`)
    return found
  }
  const port = portOf(shelf)
  const registry: StandInRegistry = {
    ...port,
    register: async (input) => {
      const made = await port.register(input)
      await sendMade(versionOf(made.name, made.version))
      return made
    },
    setAlias: async (model, alias, version) => {
      versionOf(model, version)
      shelf.setAlias(model, alias, version)
      await send('model_version_alias', 'created', { name: model, alias, version })
    },
    deleteAlias: async (model, alias) => {
      shelf.deleteAlias(model, alias)
      await send('model_version_alias', 'deleted', { name: model, alias })
    },
    setTag: async (model, version, key, value) => {
      const found = versionOf(model, version)
      shelf.update(found, { tags: { ...found.tags, [key]: value } })
      await send('model_version_tag', 'set', { name: model, version, key, value })
    },
    deleteTag: async (model, version, key) => {
      const found = versionOf(model, version)
      const { [key]: _gone, ...tags } = found.tags
      shelf.update(found, { tags })
      await send('model_version_tag', 'deleted', { name: model, version, key })
    },
    rest: (method, path, input) => restOf(shelf, { ...registry, made: sendMade }, { method, path, input }),
  }
  return registry
}

/** What flows ask of it: it refuses what MLflow refuses. */
const portOf = (shelf: Shelf): Registry => ({
  alias: async (model, alias) => {
    expectTaken('registered-models/alias', nameProblem(model) ?? aliasProblem(alias))
    return modelVersion(shelf.byAlias(model, alias))
  },
  version: async (model, version) => modelVersion(shelf.find(model, version)),
  newest: async (model) => modelVersion(shelf.versions(model)[0] ?? null),
  findByTag: async (model, key, value) =>
    modelVersion(shelf.versions(model).find(({ tags }) => tags[key] === value) ?? null),
  inStage: async (model, wanted) => {
    const versions = shelf.versions(model)
    // MLflow looks for the model before it looks at the stage.
    const unknown = versions.length === 0 ? null : stageProblem(wanted)
    expectTaken('registered-models/get-latest-versions', nameProblem(model) ?? unknown)
    return modelVersion(versions.find(({ stage }) => stage === wanted) ?? null)
  },
  register: async (input) => {
    expectTaken('registered-models/create', nameProblem(input.model))
    expectTaken('model-versions/create', sourceProblem(input.source, input.runId))
    return modelVersion(shelf.add(input)) as ModelVersion
  },
})

/** Throws what MLflow refuses, as its client does. */
const expectTaken = (path: string, problem: string | null): void => {
  if (problem !== null) throw new Refused(`MLflow refuses ${path}: INVALID_PARAMETER_VALUE: ${problem}`)
}

const modelVersion = (found: Version | null): ModelVersion | null =>
  found === null
    ? null
    : {
        name: found.name,
        version: found.version,
        source: found.source,
        artifactUri: found.source,
        runId: found.runId,
        status: 'READY',
        tags: found.tags,
        made: found.created,
        by: null,
      }
