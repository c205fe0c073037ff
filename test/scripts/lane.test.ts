import { describe, expect, it } from 'vitest'
import { runChecks, tallyLine } from '../../scripts/lane.ts'
import { tallyOf } from '../../scripts/vitest-tally.ts'

const silent = (): void => {}

describe('a slow lane', () => {
  it('counts the checks that hold, and hands on what they answer', async () => {
    const seen: unknown[] = []
    const tally = await runChecks(async (check) => {
      seen.push(await check('one', () => 1))
      seen.push(await check('two', async () => 'b'))
    }, silent)
    expect([tally, seen, tallyLine(tally)]).toEqual([{ passed: 2, failed: 0 }, [1, 'b'], '2 passed, 0 failed'])
  })

  it('stops at the first check that does not hold and says which and why', async () => {
    const lines: string[] = []
    const tally = await runChecks(
      async (check) => {
        await check('first', () => {})
        await check('second', () => Promise.reject(new Error('no page')))
        await check('third', () => {})
      },
      (line) => lines.push(line),
    )
    expect(tally).toEqual({ passed: 1, failed: 1 })
    expect(lines).toEqual(['  ok      first', '  FAILED  second: no page'])
  })

  it('has failed when it checks nothing, or dies outside a check', async () => {
    expect(await runChecks(async () => {}, silent)).toEqual({ passed: 0, failed: 1 })
    expect(await runChecks(() => Promise.reject('text'), silent)).toEqual({ passed: 0, failed: 1 })
  })
})

describe('the tally of the tests', () => {
  const file = (status: string, ...tests: string[]) => ({
    status,
    assertionResults: tests.map((one) => ({ status: one })),
  })

  it('counts tests, and a file that could not be run as one failure', () => {
    expect(
      tallyOf({
        numPassedTests: 2,
        numFailedTests: 1,
        testResults: [file('passed', 'passed'), file('failed', 'passed', 'failed')],
      }),
    ).toEqual({ passed: 2, failed: 1 })
    expect(
      tallyOf({ numPassedTests: 1, numFailedTests: 0, testResults: [file('passed', 'passed'), file('failed')] }),
    ).toEqual({ passed: 1, failed: 1 })
  })

  it('a report that is none has failed', () => {
    for (const report of [{}, [], { numPassedTests: '3' }, { numPassedTests: 1, numFailedTests: 0 }])
      expect(tallyOf(report)).toEqual({ passed: 0, failed: 1 })
  })
})
