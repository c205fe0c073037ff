/** What MLflow refuses for good, in its sentences (as 3.17.2 answered): null where it takes it. All are 400 `INVALID_PARAMETER_VALUE`. */

export const nameProblem = (name: string): string | null => {
  if (name.trim() === '') return missing('name')
  if (/[/:]/.test(name)) return `Invalid model name '${name}'. Names cannot contain '/' or ':'.`
  return name === '.' || name.startsWith('..')
    ? `Invalid value "${name}" for parameter 'name' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such.`
    : null
}

/** Of a read and of a write alike. */
export const aliasProblem = (alias: string): string | null => {
  if (alias === '') return missing('alias')
  return /^[\w-]+$/.test(alias)
    ? null
    : `Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`
}

/** Of a write alone: these names say something else. */
export const reservedAliasProblem = (alias: string): string | null => {
  if (alias.toLowerCase() === 'latest') return "'latest' alias name (case insensitive) is reserved."
  return /^v\d+$/i.test(alias) ? `Version alias name '${alias}' is reserved.` : null
}

const STAGES = ['None', 'Staging', 'Production', 'Archived']

export const stageProblem = (stage: string): string | null =>
  STAGES.includes(stage) ? null : `Invalid Model Version stage: ${stage}. Value must be one of ${STAGES.join(', ')}.`

/** Schemes whose address the server would have to call. */
const CALLED: ReadonlySet<string> = new Set(['http', 'https', 'ftp', 'sftp', 'hdfs', 'viewfs', 'abfss', 'r2'])

/** Where a version's bytes are. Without a run, nothing of the server's own files can be named. */
export const sourceProblem = (source: string, runId: string | null): string | null => {
  if (source === '') return missing('source')
  const [, scheme = '', place = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(source) ?? []
  if (scheme === '' || scheme === 'file')
    return `Invalid model version source: '${source}'. To use a local path as a model version source, the run_id request parameter has to be specified and the local path has to be contained within the artifact directory of the run specified by the run_id.`
  if (CALLED.has(scheme.toLowerCase()))
    return `'source' cannot use the '${scheme}' scheme: the '${scheme}' scheme addresses a host other than the tracking server's configured artifact storage, so the server would connect to the host named in the URI.`
  if (!isAbsolute(place))
    return `Invalid model version source: '${source}'. If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present. Please provide an absolute path.`
  const needed = neededBy(scheme, place, runId)
  return needed === null
    ? null
    : `Invalid model version source: '${source}'. The ${needed} request parameter must identify the resource that contains the source.`
}

/** After the host there is a path, and no part of it leads elsewhere. */
const isAbsolute = (place: string): boolean => {
  const path = place.replace(/^\/\/[^/]*/, '')
  return path.startsWith('/') && /[^/]/.test(path) && !path.split('/').some((part) => part === '.' || part === '..')
}

const neededBy = (scheme: string, place: string, runId: string | null): string | null => {
  if (scheme === 'runs') return place.split('/')[1] === runId ? null : 'run_id'
  if (scheme === 'models') return place.startsWith('/m-') ? 'model_id' : null
  return scheme === 'mlflow-artifacts' && runId === null ? 'run_id' : null
}

const missing = (parameter: string): string =>
  `Missing value for required parameter '${parameter}'. See the API docs for more information about request parameters.`
