/** Runs one check: `what` is the promise, `work` throws when it is not kept. Answers what `work` answers. */
export type Check = <T>(what: string, work: () => Promise<T> | T) => Promise<T>

/** What a lane came to. */
export interface Tally {
  passed: number
  failed: number
}

/** The line that `.ci/run` reads: the last one that a lane prints. */
export const tallyLine = ({ passed, failed }: Tally): string => `${passed} passed, ${failed} failed`

/**
 * Runs the checks of a slow lane one after another, tells each as it ends, and stops at the first that fails, since
 * later ones stand on it. A lane that dies outside its checks, or checks nothing, has failed.
 */
export const runChecks = async (body: (check: Check) => Promise<void>, say: (line: string) => void): Promise<Tally> => {
  const tally: Tally = { passed: 0, failed: 0 }
  const check: Check = async (what, work) => {
    try {
      const answer = await work()
      tally.passed++
      say(`  ok      ${what}`)
      return answer
    } catch (error) {
      throw new Error(what, { cause: error })
    }
  }
  try {
    await body(check)
    if (tally.passed === 0) throw new Error('the lane checked nothing')
  } catch (error) {
    tally.failed++
    const { message, cause } = error instanceof Error ? error : new Error(String(error))
    say(
      `  FAILED  ${message}${cause instanceof Error ? `: ${cause.message}` : cause === undefined ? '' : `: ${String(cause)}`}`,
    )
  }
  return tally
}

/** A file of `test/slow/` is one call of this: it prints the tally last and ends with 1 when anything failed. */
export const lane = async (body: (check: Check) => Promise<void>): Promise<void> => {
  const tally = await runChecks(body, console.log)
  console.log(tallyLine(tally))
  process.exitCode = tally.failed === 0 ? 0 : 1
}
