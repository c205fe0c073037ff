import { expect, it } from 'vitest'
import { firstSaid, fromLogs, inBrackets, withLastLines } from '../../../core/pods/logs.ts'

it.each([
  ['[rank3]: Watchdog caught collective operation timeout: WorkNCCL(SeqNum=7)', 'nccl-timeout'],
  ['NCCL error: unhandled system error, connection timed out', 'nccl-timeout'],
  ['NCCL: it timed out', 'nccl-timeout'],
  ['a timeout in NCCL', 'nccl-timeout'],
  ['torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB', 'out-of-memory'],
])('"%s" is %s', (line, failure) => {
  expect(fromLogs(['step 100', line, 'bye'])).toEqual({ failure, note: expect.stringContaining(line) })
})

it.each([
  [['NCCL INFO Connected all rings']],
  [['ip-10-0-1-7:42:42 [0] NCCL INFO NCCL_IB_TIMEOUT set by environment to 22.']],
  [['NCCL', 'a timeout']],
  [[]],
])('%j says nothing of an end', (lines) => {
  expect(fromLogs(lines)).toBeNull()
})

it.each(['NCCL ', 'timeout ', '\u001b[31m'])(
  '300 KB of %j in a line are read at once',
  (part) => {
    expect(fromLogs([part.repeat(300_000 / part.length)])).toBeNull()
  },
  5000,
)

it('what says nothing that is seen says nothing', () => {
  expect([firstSaid(undefined, '\u200b\n', 'x'), firstSaid('\n'), inBrackets('\n'), inBrackets('why')]).toEqual([
    'x',
    null,
    '',
    ' (why)',
  ])
})

it('a note repeats the last lines that there is room for, cut and cleaned', () => {
  expect(withLastLines('ended', [])).toBe('ended')
  expect(withLastLines('ended', ['', 'one', '\u001b[31mtwo'])).toMatch(/^ended\. Last log lines: one ⏎ .*two$/)
  const many = withLastLines(
    'ended',
    [...'abcdefgh'].map((letter) => letter.repeat(400)),
  )
  expect(many.length).toBeLessThanOrEqual(1000)
  expect(many).toMatch(/h{150,200}…$/)
  expect(many).not.toContain('c')
})
