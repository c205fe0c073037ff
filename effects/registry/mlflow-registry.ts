import { Refused } from '../../flows/ports.ts'
import type { ModelVersion, Registry } from '../../flows/registry-port.ts'
import { expectRead, expectWritten, isThereAlready, isUnknownAlias, isUnknownModel } from './mlflow-answers.ts'
import { type MlflowOptions, openMlflowRest, type Within } from './mlflow-rest.ts'

export interface MlflowRegistry extends Registry {
  close(): Promise<void>
}

/** A version as MLflow's REST API writes it: empty fields are left out or ''. */
interface Version {
  name: string
  version: string
  source: string
  run_id?: string
  status: string
  tags?: { key: string; value: string }[]
  creation_timestamp: number
  user_id?: string
}

/**
 * The model registry of an MLflow tracking server over its REST API 2.0 (facts: tested against 3.17.2). Every method
 * rejects as the ports do, with the server's own words.
 */
export const openMlflow = (options: MlflowOptions): MlflowRegistry => {
  const { get, post, close } = openMlflowRest(options)
  const { versionOf, newestOf } = readingBy(get)

  return {
    alias: async (name, alias) => {
      const path = 'registered-models/alias'
      const answer = await get(path, { name, alias })
      if (isUnknownModel(answer) || isUnknownAlias(answer, alias)) return null
      return versionOf(expectRead<{ model_version: Version }>(answer, path).model_version)
    },
    version: async (name, version) => {
      const path = 'model-versions/get'
      const answer = await get(path, { name, version })
      // Of a model and of a version that is not there alike.
      if (isUnknownModel(answer)) return null
      return versionOf(expectRead<{ model_version: Version }>(answer, path).model_version)
    },
    newest: async (name) => newestOf(`name = ${quoted(name)}`),
    findByTag: async (name, key, value, within) =>
      newestOf(`name = ${quoted(name)} and tags.\`${key.replaceAll('`', '')}\` = ${quoted(value)}`, within),
    inStage: async (name, stage) => {
      const path = 'registered-models/get-latest-versions'
      const answer = await get(path, { name, stages: stage })
      if (isUnknownModel(answer)) return null
      return versionOf(expectRead<{ model_versions?: Version[] }>(answer, path).model_versions?.[0])
    },
    register: async (input) => {
      const { model, workspace } = input
      const made = await post('registered-models/create', { name: model }, workspace)
      if (!isThereAlready(made)) expectWritten(made, 'registered-models/create')
      const path = 'model-versions/create'
      const answer = await post(path, madeOf(input), workspace)
      const { model_version } = expectWritten<{ model_version: Version }>(answer, path)
      return (await versionOf(model_version, workspace)) as ModelVersion
    },
    close,
  }
}

/** How versions are read: each with where its artifact lies. */
const readingBy = (get: ReturnType<typeof openMlflowRest>['get']) => {
  const versionOf = async (found: Version | undefined, within?: Within): Promise<ModelVersion | null> => {
    if (found === undefined) return null
    const { name, version, source, run_id = '', status, tags = [], user_id = '' } = found
    const resolved = await get('model-versions/get-download-uri', { name, version }, within)
    return {
      name,
      version,
      source,
      artifactUri: expectRead<{ artifact_uri: string }>(resolved, 'model-versions/get-download-uri').artifact_uri,
      runId: run_id === '' ? null : run_id,
      status,
      tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
      made: Number(found.creation_timestamp) || 0,
      by: user_id === '' ? null : user_id,
    }
  }
  const newestOf = async (filter: string, within?: Within): Promise<ModelVersion | null> => {
    const path = 'model-versions/search'
    const answer = await get(path, { filter, max_results: '1', order_by: 'version_number DESC' }, within)
    return versionOf(expectRead<{ model_versions?: Version[] }>(answer, path).model_versions?.[0], within)
  }
  return { versionOf, newestOf }
}

/** A new version as MLflow takes it. */
const madeOf = ({ model, source, runId, tags }: Parameters<Registry['register']>[0]) => ({
  name: model,
  source,
  ...(runId === null ? {} : { run_id: runId }),
  tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
})

/** A text of MLflow's filter language, which has no escapes: one kind of quote must be free. */
const quoted = (text: string): string => {
  if (!text.includes("'")) return `'${text}'`
  if (!text.includes('"')) return `"${text}"`
  throw new Refused(`MLflow cannot be asked about ${text}: it holds both kinds of quotes`)
}
