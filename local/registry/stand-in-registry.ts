import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { Clock, ModelVersion, Registry } from '../../flows/ports.ts'
import type { RawAnswer, RawRequest } from '../house-type.ts'
import { pythonJson } from './python-json.ts'
import { type RestAnswer, restOf } from './rest.ts'
import { openShelf, type Version } from './shelf.ts'

export interface RegistryOptions {
  database: DatabaseSync
  clock: Clock
  /** Signs a delivery as MLflow does. */
  sign(given: { secret: string; body: Uint8Array; now: number; deliveryId: string }): Record<string, string>
  secret(): Promise<string>
  /** Where webhooks go. */
  deliver(request: RawRequest): Promise<RawAnswer>
}

/** A small registry with MLflow's REST answers and its alias webhooks. */
export interface StandInRegistry extends Registry {
  /** Sets or moves an alias and sends the webhook, as MLflow does: also when nothing changed. */
  setAlias(model: string, alias: string, version: string): Promise<void>
  deleteAlias(model: string, alias: string): Promise<void>
  rest(method: string, path: string, input: Record<string, unknown>): Promise<RestAnswer>
}

export const openRegistry = ({ database, clock, sign, secret, deliver }: RegistryOptions): StandInRegistry => {
  const shelf = openShelf(database, clock)
  const send = async (action: 'created' | 'deleted', data: Record<string, string>): Promise<void> => {
    const timestamp = new Date(clock.now()).toISOString().replace('Z', '000+00:00')
    const body = Buffer.from(pythonJson({ entity: 'model_version_alias', action, timestamp, data }))
    const signed = sign({ secret: await secret(), body, now: clock.now(), deliveryId: randomUUID() })
    // Best effort, as MLflow's: what is lost here, reconcile finds.
    await deliver({ headers: { 'content-type': 'application/json', ...signed }, body }).catch(() => undefined)
  }
  const registry: StandInRegistry = {
    alias: async (model, alias) => modelVersion(shelf.byAlias(model, alias)),
    findByTag: async (model, key, value) =>
      modelVersion(shelf.versions(model).find(({ tags }) => tags[key] === value) ?? null),
    register: async (input) => modelVersion(shelf.add(input)) as ModelVersion,
    setAlias: async (model, alias, version) => {
      if (shelf.find(model, version) === null) throw new Error(`there is no version ${version} of ${model}`)
      shelf.setAlias(model, alias, version)
      await send('created', { name: model, alias, version })
    },
    deleteAlias: async (model, alias) => {
      shelf.deleteAlias(model, alias)
      await send('deleted', { name: model, alias })
    },
    rest: (method, path, input) => restOf(shelf, registry, { method, path, input }),
  }
  return registry
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
      }
