import { type ModelVersion, type Registry, Unavailable } from '../../flows/ports.ts'
import type { Tried } from '../http/retrying.ts'
import { type MlflowOptions, openMlflowRest } from './mlflow-rest.ts'

export interface MlflowRegistry extends Registry {
  close(): Promise<void>
}

/** MLflow's answer to a request that it refuses. */
interface Problem {
  error_code?: string
  message?: string
}

/** A version as MLflow's REST API writes it: empty fields are left out or ''. */
interface Version {
  name: string
  version: string
  source: string
  run_id?: string
  status: string
  tags?: { key: string; value: string }[]
}

/**
 * The model registry of an MLflow tracking server over its REST API 2.0 (facts: tested against 3.17.2). Every method
 * rejects with `Unavailable` when the server cannot be asked, and with its own words when it refuses.
 */
export const openMlflow = (options: MlflowOptions): MlflowRegistry => {
  const { get, post, close } = openMlflowRest(options)
  const versionOf = async (found: Version | undefined): Promise<ModelVersion | null> => {
    if (found === undefined) return null
    const { name, version, source, run_id = '', status, tags = [] } = found
    const resolved = await get('model-versions/get-download-uri', { name, version })
    return {
      name,
      version,
      source,
      artifactUri: expectOk<{ artifact_uri: string }>(resolved, 'model-versions/get-download-uri').artifact_uri,
      runId: run_id === '' ? null : run_id,
      status,
      tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
    }
  }

  return {
    alias: async (name, alias) => {
      const path = 'registered-models/alias'
      const answer = await get(path, { name, alias })
      if (isUnknownModel(answer) || isUnknownAlias(answer, alias)) return null
      return versionOf(expectOk<{ model_version: Version }>(answer, path).model_version)
    },
    findByTag: async (name, key, value) => {
      const path = 'model-versions/search'
      const filter = `name = ${quoted(name)} and tags.\`${key.replaceAll('`', '')}\` = ${quoted(value)}`
      const answer = await get(path, { filter, max_results: '1', order_by: 'version_number DESC' })
      return versionOf(expectOk<{ model_versions?: Version[] }>(answer, path).model_versions?.[0])
    },
    inStage: async (name, stage) => {
      const path = 'registered-models/get-latest-versions'
      const answer = await get(path, { name, stages: stage })
      if (isUnknownModel(answer)) return null
      return versionOf(expectOk<{ model_versions?: Version[] }>(answer, path).model_versions?.[0])
    },
    register: async ({ model, source, runId, tags }) => {
      const made = await post('registered-models/create', { name: model })
      if (codeOf(made) !== 'RESOURCE_ALREADY_EXISTS') expectOk(made, 'registered-models/create')
      const path = 'model-versions/create'
      const answer = await post(path, {
        name: model,
        source,
        ...(runId === null ? {} : { run_id: runId }),
        tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
      })
      return (await versionOf(expectOk<{ model_version: Version }>(answer, path).model_version)) as ModelVersion
    },
    close,
  }
}

const codeOf = ({ body }: Tried): string | undefined => (body as Problem | null)?.error_code

const isUnknownModel = (answer: Tried): boolean => answer.status === 404 && codeOf(answer) === 'RESOURCE_DOES_NOT_EXIST'

/** MLflow says so with 400 `INVALID_PARAMETER_VALUE`, like of a wrong parameter: only the message tells them apart. */
const isUnknownAlias = ({ status, body }: Tried, alias: string): boolean =>
  status === 400 && (body as Problem | null)?.message === `Registered model alias ${alias} not found.`

const expectOk = <T>(answer: Tried, path: string): T => {
  if (answer.status === 200) return answer.body as T
  const message = (answer.body as Problem | null)?.message ?? String(answer.body).slice(0, 200)
  const said = `MLflow ${path} answers ${answer.status}: ${message}`
  // Who may not ask today may tomorrow: what it would have said is unknown, not "nothing".
  if (answer.status === 401 || answer.status === 403) throw new Unavailable(said)
  throw new Error(said)
}

/** A text of MLflow's filter language, which has no escapes: one kind of quote must be free. */
const quoted = (text: string): string => {
  if (!text.includes("'")) return `'${text}'`
  if (!text.includes('"')) return `"${text}"`
  throw new Error(`MLflow cannot be asked about ${text}: it holds both kinds of quotes`)
}
