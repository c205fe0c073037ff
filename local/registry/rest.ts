import { aliasProblem, nameProblem, reservedAliasProblem, sourceProblem, stageProblem } from './refusals.ts'
import type { Shelf, Version } from './shelf.ts'

export interface RestAnswer {
  status: number
  body: Record<string, unknown>
}

interface Call {
  method: string
  /** Below `/api/2.0/mlflow/`. */
  path: string
  /** Query or body. */
  input: Record<string, unknown>
}

type Route = (shelf: Shelf, input: Record<string, string>, registry: Changes) => RestAnswer | Promise<RestAnswer>

/** The changes that send a webhook. */
interface Changes {
  made(version: Version): Promise<void>
  setAlias(model: string, alias: string, version: string): Promise<void>
  deleteAlias(model: string, alias: string): Promise<void>
  setTag(model: string, version: string, key: string, value: string): Promise<void>
  deleteTag(model: string, version: string, key: string): Promise<void>
}

/** MLflow's REST answers, with its statuses and error words (captured from 3.17.2), for the routes that a registry port needs. */
export const restOf = async (shelf: Shelf, registry: Changes, { method, path, input }: Call): Promise<RestAnswer> => {
  const route = ROUTES[`${method} ${path}`]
  if (route === undefined) return problem(404, 'ENDPOINT_NOT_FOUND', `${method} ${path} is not part of the stand-in`)
  const wrong = Object.entries(input).find(([key, value]) => typeof value !== 'string' && !NOT_TEXT.has(key))
  if (wrong !== undefined)
    return invalid(`Invalid value ${JSON.stringify(wrong[1])} for parameter '${wrong[0]}' supplied.`)
  if (input['tags'] !== undefined && !isTags(input['tags']))
    return invalid("Invalid value for parameter 'tags' supplied.")
  return route(shelf, input as Record<string, string>, registry)
}

const NOT_TEXT: ReadonlySet<string> = new Set(['tags', 'archive_existing_versions'])

const isTags = (value: unknown): boolean =>
  Array.isArray(value) && value.every((tag) => typeof tag?.key === 'string' && typeof tag?.value === 'string')

const problem = (status: number, error_code: string, message: string): RestAnswer => ({
  status,
  body: { error_code, message },
})
const invalid = (message: string): RestAnswer => problem(400, 'INVALID_PARAMETER_VALUE', message)
const ok = (body: Record<string, unknown> = {}): RestAnswer => ({ status: 200, body })
const noModel = (name: string): RestAnswer =>
  problem(404, 'RESOURCE_DOES_NOT_EXIST', `Registered Model with name=${name} not found`)
const noVersion = (name: string, version: string): RestAnswer =>
  problem(404, 'RESOURCE_DOES_NOT_EXIST', `Model Version (name=${name}, version=${version}) not found`)

/** MLflow leaves empty fields out. */
const versionJson = (shelf: Shelf, found: Version, withAliases: boolean): Record<string, unknown> => {
  const names = shelf.aliases(found.name).flatMap(({ alias, version }) => (version === found.version ? [alias] : []))
  const tags = Object.entries(found.tags).map(([key, value]) => ({ key, value }))
  return {
    name: found.name,
    version: found.version,
    creation_timestamp: found.created,
    last_updated_timestamp: found.created,
    current_stage: found.stage ?? 'None',
    description: '',
    source: found.source,
    run_id: found.runId ?? '',
    status: 'READY',
    run_link: '',
    ...(tags.length > 0 ? { tags } : {}),
    ...(withAliases && names.length > 0 ? { aliases: names } : {}),
  }
}

const versionsJson = (shelf: Shelf, found: Version[]): RestAnswer =>
  ok(found.length === 0 ? {} : { model_versions: found.map((version) => versionJson(shelf, version, false)) })

const modelJson = (shelf: Shelf, name: string): Record<string, unknown> => {
  const [newest] = shelf.versions(name)
  const aliases = shelf.aliases(name)
  return {
    name,
    creation_timestamp: newest?.created ?? 0,
    last_updated_timestamp: newest?.created ?? 0,
    latest_versions: newest === undefined ? [] : [versionJson(shelf, newest, false)],
    ...(aliases.length > 0 ? { aliases } : {}),
  }
}

/** By method and path below `/api/2.0/mlflow/`. */
export const ROUTES: Readonly<Record<string, Route>> = {
  'GET registered-models/alias': (shelf, { name = '', alias = '' }) => {
    const wrong = nameProblem(name) ?? aliasProblem(alias)
    if (wrong !== null) return invalid(wrong)
    if (shelf.versions(name).length === 0) return noModel(name)
    const found = shelf.byAlias(name, alias)
    return found === null
      ? invalid(`Registered model alias ${alias} not found.`)
      : ok({ model_version: versionJson(shelf, found, true) })
  },
  'POST registered-models/alias': async (shelf, { name = '', alias = '', version = '' }, registry) => {
    const wrong = nameProblem(name) ?? aliasProblem(alias) ?? reservedAliasProblem(alias)
    if (wrong !== null) return invalid(wrong)
    if (shelf.find(name, version) === null) return noVersion(name, version)
    await registry.setAlias(name, alias, version)
    return ok()
  },
  'DELETE registered-models/alias': async (_, { name = '', alias = '' }, registry) => {
    const wrong = nameProblem(name) ?? aliasProblem(alias)
    if (wrong !== null) return invalid(wrong)
    await registry.deleteAlias(name, alias)
    return ok()
  },
  'GET registered-models/get': (shelf, { name = '' }) =>
    shelf.versions(name).length === 0 ? noModel(name) : ok({ registered_model: modelJson(shelf, name) }),
  'GET registered-models/search': (shelf) =>
    ok(shelf.models().length === 0 ? {} : { registered_models: shelf.models().map((name) => modelJson(shelf, name)) }),
  'GET model-versions/get': (shelf, { name = '', version = '' }) => {
    const found = shelf.find(name, version)
    return found === null ? noVersion(name, version) : ok({ model_version: versionJson(shelf, found, true) })
  },
  'GET model-versions/search': (shelf, { filter = '', max_results: limit = '200000' }) => {
    const name = /(?:^|\s)name\s*=\s*(['"])(.*?)\1/.exec(filter)?.[2] ?? ''
    const [, key, , value] = /tags?\.`([^`]*)`\s*=\s*(['"])(.*?)\2/.exec(filter) ?? []
    return versionsJson(
      shelf,
      shelf
        .versions(name)
        .filter(({ tags }) => key === undefined || tags[key] === value)
        .slice(0, Number(limit)),
    )
  },
  'GET registered-models/get-latest-versions': (shelf, { name = '', stages = 'None' }) => {
    const wrong = nameProblem(name)
    if (wrong !== null) return invalid(wrong)
    if (shelf.versions(name).length === 0) return noModel(name)
    const unknown = stageProblem(stages)
    if (unknown !== null) return invalid(unknown)
    const newest = shelf.versions(name).find(({ stage = 'None' }) => stage === stages)
    return versionsJson(shelf, newest === undefined ? [] : [newest])
  },
  // A model is there once it has a version.
  'POST registered-models/create': (shelf, { name = '' }) => {
    const wrong = nameProblem(name)
    if (wrong !== null) return invalid(wrong)
    return shelf.versions(name).length > 0
      ? problem(400, 'RESOURCE_ALREADY_EXISTS', `Registered Model (name=${name}) already exists.`)
      : ok({ registered_model: modelJson(shelf, name) })
  },
  'GET model-versions/get-download-uri': (shelf, { name = '', version = '' }) => {
    const found = shelf.find(name, version)
    return found === null ? noVersion(name, version) : ok({ artifact_uri: found.source })
  },
  'POST model-versions/create': async (shelf, { name = '', source = '', run_id: runId, ...rest }, registry) => {
    const wrong = nameProblem(name) ?? sourceProblem(source, runId ?? null)
    if (wrong !== null) return invalid(wrong)
    const tags = Object.fromEntries(
      ((rest['tags'] ?? []) as unknown as { key: string; value: string }[]).map(({ key, value }) => [key, value]),
    )
    const made = shelf.add({ model: name, source, runId: runId ?? null, tags })
    await registry.made(made)
    return ok({ model_version: versionJson(shelf, made, true) })
  },
  'POST model-versions/set-tag': async (shelf, { name = '', version = '', key = '', value = '' }, registry) => {
    if (shelf.find(name, version) === null) return noVersion(name, version)
    await registry.setTag(name, version, key, value)
    return ok()
  },
  'DELETE model-versions/delete-tag': async (shelf, { name = '', version = '', key = '' }, registry) => {
    if (shelf.find(name, version) === null) return noVersion(name, version)
    await registry.deleteTag(name, version, key)
    return ok()
  },
  // These send no webhook, as MLflow sends none.
  'DELETE model-versions/delete': (shelf, { name = '', version = '' }) => {
    const found = shelf.find(name, version)
    if (found === null) return noVersion(name, version)
    shelf.delete(found)
    return ok()
  },
  'POST model-versions/transition-stage': (shelf, { name = '', version = '', stage = '' }) => {
    const found = shelf.find(name, version)
    if (found === null) return noVersion(name, version)
    shelf.update(found, { stage })
    return ok({ model_version: versionJson(shelf, { ...found, stage }, true) })
  },
}
