import { expect, it } from 'vitest'
import { whyEnded } from '../../../core/pods/program.ts'
import { podIn } from './objects.ts'

it.each([
  [1, {}, 'exit-code', /^fine-tuning ended with exit 1$/],
  [1, { message: 'no such column\n' }, 'exit-code', /^fine-tuning ended with exit 1: no such column$/],
  [42, {}, 'exit-code', /its data or settings are wrong: another try will not help/],
  [126, {}, 'exit-code', /its command is not in the image/],
  [127, {}, 'exit-code', /its command is not in the image/],
  [143, {}, 'exit-code', /stopped by SIGTERM/],
  [137, {}, 'exit-code', /killed by SIGKILL, often for memory/],
  [137, { reason: 'OOMKilled' }, 'out-of-memory', /OOMKilled, exit 137/],
] as const)('exit %d %o is %s', (exitCode, more, failure, note) => {
  expect(whyEnded({ name: 'fine-tuning', ended: { exitCode, ...more }, logs: [] })).toEqual({
    failure,
    note: expect.stringMatching(note),
  })
})

it.each([
  ['start-error-command', 'configuration', /StartError: exec: "torchrun": executable file not found in \$PATH\): make/],
  [
    'start-error-gpu',
    'not-admitted',
    /^its node could not start fine-tuning \(StartError: nvidia-container-cli: device/,
  ],
  ['start-error-driver', 'configuration', /cuda>=13\.0, .*its image needs a newer driver than nodes of its pool have/],
  ['start-error-memory', 'out-of-memory', /has not the memory to start .*OOM-killed.*: raise its limit/],
  ['status-unknown', 'node-lost', /ContainerStatusUnknown \(The container could not be located/],
])('%s is no end of its program: %s', (name, failure, note) => {
  const ended = podIn(name).status!.containerStatuses![0]!.state!.terminated!
  expect(whyEnded({ name: 'fine-tuning', ended, logs: [] })).toEqual({ failure, note: expect.stringMatching(note) })
})

it('its last lines say more than its exit code, and less than the kernel', () => {
  const logs = ['CUDA out of memory']
  const of = (ended: { exitCode: number; reason?: string }) => whyEnded({ name: 'train', ended, logs })
  expect(of({ exitCode: 1 })).toMatchObject({
    failure: 'out-of-memory',
    note: expect.stringContaining('the GPU ran out'),
  })
  expect(of({ exitCode: 137, reason: 'OOMKilled' }).note).toContain('OOMKilled')
})
