import { RUNNER_PREFIX } from '../policy/wrapped.ts'
import type { Policy } from '../policy.ts'
import type { RunnerSource } from './runner.ts'

/** Where the policy says that `signalbox-run` comes from. Throws where it does not say, which no policy does that is read. */
export const runnerSource = ({ runner, results }: Pick<Policy, 'runner' | 'results'>): RunnerSource => {
  if (runner === undefined) throw new Error('a stage says `runner`, and the policy does not')
  const { image, sha256, prefix = RUNNER_PREFIX } = runner
  return sha256 === undefined ? { image } : { image, uri: `s3://${results.bucket}/${prefix.slice(0, -1)}`, sha256 }
}
