/** What is not seen, and what turns around the line that it stands in. */
const UNSEEN = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

/** Why a dataset may have nothing by such a key, its manifest's own as well as those that it names; null: it may. Programs walk along dots, which S3 does not. */
export const whyNotNamed = (key: string, prefix: string): string | null => {
  if (!key.startsWith(prefix)) return `is not below ${prefix}, which the pipeline reads`
  if (key.split('/').some((part) => part === '.' || part === '..')) return 'leads elsewhere by `.` or `..`'
  return UNSEEN.test(key) ? 'has characters that are not seen, or turn a line around' : null
}
