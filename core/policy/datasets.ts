/** What of a pipeline says which datasets begin it. */
interface Fed<D> {
  on: { dataset?: D | undefined }
}

/** Pipelines that run on datasets, by their names in the policy, each with where those are uploaded. */
export const datasetsIn = <D, P extends Fed<D>>(
  pipelines: Record<string, P & Fed<D>>,
): { name: string; rule: P; dataset: D }[] =>
  Object.entries(pipelines).flatMap(([name, rule]) =>
    rule.on.dataset === undefined ? [] : [{ name, rule, dataset: rule.on.dataset }],
  )

/** Buckets that datasets are uploaded to, each once. */
export const datasetBuckets = (pipelines: Record<string, Fed<{ bucket: string }>>): string[] => [
  ...new Set(datasetsIn(pipelines).map(({ dataset }) => dataset.bucket)),
]
