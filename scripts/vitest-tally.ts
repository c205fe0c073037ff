import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { type Tally, tallyLine } from './lane.ts'

/** What vitest's JSON report comes to. A file that could not be run has no tests in it and counts as one failure. */
export const tallyOf = (report: unknown): Tally => {
  const { numPassedTests, numFailedTests, testResults } = report as Partial<Report>
  if (typeof numPassedTests !== 'number' || typeof numFailedTests !== 'number' || !Array.isArray(testResults))
    return { passed: 0, failed: 1 }
  const unrun = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((one) => one.status === 'failed'),
  )
  return { passed: numPassedTests, failed: numFailedTests + unrun.length }
}

interface Report {
  numPassedTests: number
  numFailedTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  console.log(tallyLine(tallyOf(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')))))
