import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pinOf } from '../../flows/pins.ts'
import { BUCKET, isAlive, openTown, type Town, until } from './runner.ts'

let town: Town
beforeAll(async () => {
  town = await openTown()
})
afterAll(() => town?.close())

/** What S3 has of a pod, below its name. */
const keysOf = async (lane: string, attempt = 1): Promise<string[]> => {
  const begin = `runs/${town.job(lane, attempt)}-aaaaa/`
  return (await town.objects.list(BUCKET, begin, null)).map(({ key }) => key.slice(begin.length))
}

describe('a stage that knows nothing of Signalbox', () => {
  it('has its dataset and the model of the stage before, and what it makes is the result that Signalbox reads', async () => {
    const shard = 'one\ntwo\n'
    const manifest = JSON.stringify({ version: 1, objects: [{ key: 'chats/raw/a.jsonl', size: shard.length }] })
    await town.put('chats/raw/a.jsonl', shard)
    await town.put('chats/manifest.json', manifest)
    await town.put('runs/base/out/model/config.json', '{}')
    const pin = await pinOf(town.objects, `s3://${BUCKET}/runs/base/out/model`)
    const { code, said } = await town.run({
      lane: 'pipeline-whole',
      env: {
        INPUT_URI: `s3://${BUCKET}/chats/`,
        INPUT_MANIFEST: 'manifest.json',
        INPUT_SHA256: createHash('sha256').update(manifest).digest('hex'),
        SIGNALBOX_INPUTS: 'dataset,make-base',
        MAKE_BASE_URI: `s3://${BUCKET}/runs/base/out/model`,
        MAKE_BASE_PIN: pin ?? '',
      },
      program: `set -e; cd "$SIGNALBOX_IN"; cat make-base/config.json
        mkdir -p "$SIGNALBOX_OUT/model/deep"; wc -l < dataset/raw/a.jsonl > "$SIGNALBOX_OUT/model/deep/lines"
        echo '{"train_loss": 0.5, "broken": NaN, "eval": {"acc": 0.75}}' > "$SIGNALBOX_OUT/metrics.json"`,
    })
    expect(said).toContain('{}')
    expect(code, said).toBe(0)
    expect(await town.result('pipeline-whole', 1)).toEqual({
      ok: true,
      result: {
        metrics: { train_loss: 0.5, 'eval/acc': 0.75 },
        artifacts: { model: `s3://${BUCKET}/runs/${town.job('pipeline-whole', 1)}-aaaaa/out/model` },
      },
    })
    expect((await keysOf('pipeline-whole')).sort()).toEqual(['out/metrics.json', 'out/model/deep/lines', 'result.json'])
    expect(said).toContain('the figure "broken" is left out')
  })

  it('is refused what is another than was measured', async () => {
    await town.put('runs/other/out/model/w', 'one')
    const pin = (await pinOf(town.objects, `s3://${BUCKET}/runs/other/out/model`)) ?? ''
    await town.put('runs/other/out/model/w', 'two')
    const env = { SIGNALBOX_INPUTS: 'make', MAKE_URI: `s3://${BUCKET}/runs/other/out/model`, MAKE_PIN: pin }
    const { code, message } = await town.run({ lane: 'pipeline-pin', env, program: 'echo began' })
    expect([code, message]).toEqual([42, expect.stringContaining('is not what was measured')])
  })

  it('a dataset with keys that lead elsewhere begins nothing, and writes nothing outside', async () => {
    for (const key of ['chats2/../../../escaped', 'chats2/a\u202eb', 'chats2/.signalbox/fetched']) {
      const manifest = JSON.stringify({ version: 1, objects: [{ key, size: 1 }] })
      await town.put('chats2/manifest.json', manifest)
      const env = { INPUT_URI: `s3://${BUCKET}/chats2/`, INPUT_MANIFEST: 'manifest.json' }
      const { code, said, folder } = await town.run({ lane: 'pipeline-keys', env, program: 'echo began' })
      expect([code, said], key).toEqual([42, expect.not.stringContaining('began')])
      expect(existsSync(join(folder, 'escaped')) || existsSync(join(folder, '..', 'escaped'))).toBe(false)
    }
  })

  it('its own end is the container’s, and what the first failed rank ended with is a launcher’s', async () => {
    const summary =
      'Root Cause (first observed failure):\n[0]:\n  rank      : 3 (local_rank: 3)\n  exitcode  : CODE (pid: 7)\n'
    for (const [program, code, message] of [
      ['exit 3', 3, 'exit 3'],
      ['exit 42', 42, 'exit 42'],
      ['kill -9 $$', 137, 'exit 137'],
      ['kill -SEGV $$', 139, 'exit 139'],
      [`echo '${summary.replace('CODE', '42')}' >&2; exit 1`, 42, 'rank 3 failed first, with exit 42'],
      [`echo '${summary.replace('CODE', '-9')}' >&2; exit 1`, 137, 'rank 3 failed first, with exit 137'],
      [
        `echo '{"message":{"message":"ValueError: no data in shard 3"}}' > "$TORCHELASTIC_ERROR_FILE"; exit 1`,
        1,
        'ValueError: no data in shard 3',
      ],
    ] as const) {
      const ended = await town.run({ lane: 'pipeline-ends', program })
      expect([ended.code, ended.message], program).toEqual([code, expect.stringContaining(message)])
      expect(await town.result('pipeline-ends', 1)).toBeNull()
    }
  })

  it('a command that is not there, or cannot be run, says so as shells do', async () => {
    for (const [args, code] of [
      [['run', '--', 'no-such-command'], 127],
      [['run', '--', '/no/such'], 127],
      [['run', '--', '/etc/passwd'], 126],
      [['run'], 42],
      [['run', '--'], 42],
      [['walk'], 42],
    ] as const)
      expect(await town.run({ args: [...args] }), args.join(' ')).toMatchObject({ code })
    expect(await town.run({ env: { RESULTS_URI: '' }, program: 'echo began' })).toMatchObject({
      code: 42,
      message: expect.stringContaining('RESULTS_URI is not set'),
    })
  })

  it('no secret is in what is said of it', async () => {
    const env = {
      HF_TOKEN: 'hf_very_secret_token',
      DB_URL: 'postgres://me:pass-of-db@host/x',
      SIGNALBOX_INPUTS: 'x',
      X_URI: 's3://no-such-bucket/x',
    }
    const denied = await town.run({ env, program: 'true' })
    const failed = await town.run({
      env: { HF_TOKEN: env.HF_TOKEN },
      program: `echo "{\\"message\\":{\\"message\\":\\"401 for $HF_TOKEN of $AWS_SECRET_ACCESS_KEY\\"}}" > "$TORCHELASTIC_ERROR_FILE"; exit 1`,
    })
    expect(denied.code).toBe(42)
    expect(failed.message).toContain('401 for *** of ***')
    for (const { said, message } of [denied, failed])
      for (const secret of ['hf_very', 'pass-of-db', 'the-secret-of-this-pod'])
        expect(said + message).not.toContain(secret)
  })

  it('huge and hostile figures cost no training', async () => {
    for (const figures of [
      `head -c 20000000 /dev/zero | tr '\\0' '['`,
      `echo -n '{"a": 1e999, "b": "x", "c": {"d": [1]}, "model": 1'; echo '}'`,
      `echo not json`,
      `ln -s /dev/zero "$SIGNALBOX_OUT/metrics.json"`,
    ]) {
      const lane = `pipeline-figures-${createHash('sha256').update(figures).digest('hex').slice(0, 6)}`
      const { code, said } = await town.run({
        lane,
        program: `mkdir "$SIGNALBOX_OUT/model"; echo w > "$SIGNALBOX_OUT/model/w"; ${figures} > "$SIGNALBOX_OUT/figures"; [ -e "$SIGNALBOX_OUT/metrics.json" ] || mv "$SIGNALBOX_OUT/figures" "$SIGNALBOX_OUT/metrics.json"`,
      })
      expect(code, said).toBe(0)
      const read = await town.result(lane, 1)
      expect(read).toMatchObject({ ok: true, result: { metrics: {} } })
    }
  })

  it('of several ranks the first alone uploads', async () => {
    const program =
      'echo {} > "$SIGNALBOX_OUT/metrics.json"; mkdir "$SIGNALBOX_CHECKPOINTS/step-1"; echo x > "$SIGNALBOX_CHECKPOINTS/step-1/w"; sleep 0.5'
    expect(await town.run({ lane: 'pipeline-ranks', env: { JOB_COMPLETION_INDEX: '1' }, program })).toMatchObject({
      code: 0,
    })
    expect(await keysOf('pipeline-ranks')).toEqual([])
    expect(await town.run({ lane: 'pipeline-ranks', env: { JOB_COMPLETION_INDEX: '0' }, program })).toMatchObject({
      code: 0,
    })
    expect(await keysOf('pipeline-ranks')).toContain('result.json')
  })

  it('leaves nobody behind: children in sessions of their own end too', async () => {
    const program = `setsid bash -c 'trap "" TERM; echo $$ > "$SIGNALBOX_OUT/deaf"; sleep 60' & (sleep 60 & echo $! > "$SIGNALBOX_OUT/orphan"); until [ -s "$SIGNALBOX_OUT/deaf" ]; do sleep 0.01; done; exit 0`
    const { code, folder, ms } = await town.run({ lane: 'pipeline-orphans', program })
    expect(code).toBe(0)
    expect(ms).toBeLessThan(30_000)
    for (const name of ['deaf', 'orphan'])
      expect(isAlive(Number(readFileSync(join(folder, 'out', name), 'utf8'))), name).toBe(false)
  })

  it('waits for S3 that is away, at its beginning and at its end', async () => {
    let away = 0
    const { code, said } = await town.run({
      lane: 'pipeline-away',
      program: 'echo "{\\"a\\": 1}" > "$SIGNALBOX_OUT/metrics.json"',
      fate: (n) => (n % 2 === 1 && ++away < 12 ? 503 : 'on'),
    })
    expect(code, said).toBe(0)
    expect(await town.result('pipeline-away', 1)).toMatchObject({ ok: true, result: { metrics: { a: 1 } } })
  })

  it('S3 that stays away, and a right that is missing, have codes of their own', async () => {
    const env = { SIGNALBOX_PATIENCE: '0.2' }
    expect(await town.run({ env, program: 'true', fate: () => 503 })).toMatchObject({ code: 75 })
    expect(await town.run({ env, program: 'true', fate: () => 403 })).toMatchObject({ code: 77 })
  })
})

describe('told to end', () => {
  const saves = (then: string): string => `
    mkdir "$SIGNALBOX_CHECKPOINTS/step-1"; echo one > "$SIGNALBOX_CHECKPOINTS/step-1/w"
    trap 'mkdir "$SIGNALBOX_CHECKPOINTS/step-2"; echo two > "$SIGNALBOX_CHECKPOINTS/step-2/w"; ${then}' TERM
    echo began; while true; do sleep 0.05; done`
  const resumes = 'cat "$SIGNALBOX_CHECKPOINTS"/step-*/w; echo "resumed $SIGNALBOX_RESUMED"'

  it('what a program saves then is there for the next pod, and it is not taken for done', async () => {
    for (const [lane, then] of [
      ['pipeline-term0', 'exit 0'],
      ['pipeline-term143', 'exit 143'],
      ['pipeline-term1', 'exit 1'],
    ] as const) {
      const pod = await town.start({ lane, program: saves(then) })
      await pod.says('began')
      pod.child.kill('SIGTERM')
      const { code, ms, said } = await pod.ended
      expect([code, await town.result(lane, 1)], said).toEqual([143, null])
      expect(ms).toBeLessThan(6000)
      const next = await town.run({ lane, attempt: 2, program: resumes })
      expect(next.said, lane).toContain('one\ntwo\nresumed 2')
      expect(next.code).toBe(0)
    }
  })

  it('a deaf program is ended in time, and what it had saved before is there', async () => {
    const program = `trap '' TERM; mkdir "$SIGNALBOX_CHECKPOINTS/step-1"; echo one > "$SIGNALBOX_CHECKPOINTS/step-1/w"; echo began; while true; do sleep 0.05; done`
    const pod = await town.start({ lane: 'pipeline-deaf', program, env: { SIGNALBOX_GRACE: '3' } })
    await pod.says('began')
    const at = performance.now()
    pod.child.kill('SIGTERM')
    expect(await pod.ended).toMatchObject({ code: 143 })
    expect(performance.now() - at).toBeLessThan(3000)
    expect((await town.run({ lane: 'pipeline-deaf', attempt: 2, program: resumes })).said).toContain('one\nresumed 1')
  })

  it('a program that knows no signal is asked by a file first, and SIGTERM comes once it has saved', async () => {
    const env = { SIGNALBOX_SAVE_SECONDS: '10', SIGNALBOX_GRACE: '24', SIGNALBOX_CHECKPOINT_SECONDS: '60' }
    // As torchrun's ranks, which are killed soon after it was told: without a word before that nothing would be saved.
    const program = `echo began; until [ -e "$SIGNALBOX_SAVE_NOW" ]; do sleep 0.02; done
      cp "$SIGNALBOX_SAVE_NOW" asked; mkdir "$SIGNALBOX_CHECKPOINTS/step-3"; cp asked "$SIGNALBOX_CHECKPOINTS/step-3/w"; while :; do sleep 0.02; done`
    const pod = await town.start({ lane: 'pipeline-asked', env, program: `cd "$SIGNALBOX_OUT"; ${program}` })
    await pod.says('began')
    pod.child.kill('SIGTERM')
    const { code, said, ms } = await pod.ended
    expect([code, said]).toEqual([143, expect.stringContaining('it has saved: it is told by SIGTERM')])
    expect(ms).toBeLessThan(10_000)
    const next = await town.run({
      lane: 'pipeline-asked',
      attempt: 2,
      program: 'cat "$SIGNALBOX_CHECKPOINTS/step-3/w"; test ! -e "$SIGNALBOX_SAVE_NOW" && echo unasked',
    })
    expect(next.said).toMatch(/10\n[\s\S]*unasked/)
  })

  it('one that saves nothing of it is told by SIGTERM after its time, and one that ends by itself at once is not', async () => {
    const env = { SIGNALBOX_SAVE_SECONDS: '1', SIGNALBOX_GRACE: '6' }
    const deaf = await town.start({
      lane: 'pipeline-unasked',
      env,
      program: `trap 'echo termed; exit 0' TERM; echo began; while :; do sleep 0.02; done`,
    })
    await deaf.says('began')
    deaf.child.kill('SIGTERM')
    expect(await deaf.ended).toMatchObject({
      code: 143,
      said: expect.stringMatching(/saved nothing in its time[\s\S]*termed/),
    })
    const quick = await town.start({
      lane: 'pipeline-unasked',
      attempt: 2,
      env: { ...env, SIGNALBOX_SAVE_SECONDS: '3' },
      program: `trap 'echo termed' TERM; echo began; until [ -e "$SIGNALBOX_SAVE_NOW" ]; do sleep 0.02; done`,
    })
    await quick.says('began')
    quick.child.kill('SIGTERM')
    expect(await quick.ended).toMatchObject({ code: 143, said: expect.not.stringContaining('termed') })
  })

  it('a shell that hands nothing on does not keep its trainer from being told', async () => {
    const program = `bash -c 'trap "echo saved; mkdir \\"$SIGNALBOX_CHECKPOINTS/s\\"; echo x > \\"$SIGNALBOX_CHECKPOINTS/s/w\\"; exit 0" TERM; echo began; while true; do sleep 0.05; done'; echo never`
    const pod = await town.start({ lane: 'pipeline-shell', program })
    await pod.says('began')
    pod.child.kill('SIGTERM')
    const { code, said } = await pod.ended
    expect([code, said], said).toEqual([143, expect.stringContaining('saved')])
    expect(
      (await town.run({ lane: 'pipeline-shell', attempt: 2, program: 'ls "$SIGNALBOX_CHECKPOINTS"' })).said,
    ).toMatch(/^s$/m)
  })

  it('while inputs are brought it ends at once', async () => {
    await town.put('slow/x', 'x')
    let asked = false
    const env = { SIGNALBOX_INPUTS: 'slow', SLOW_URI: `s3://${BUCKET}/slow/` }
    const pod = await town.start({
      lane: 'pipeline-slow',
      env,
      program: 'echo began',
      fate: () => {
        asked = true
        return 503
      },
    })
    await until(() => asked, 'it asks')
    pod.child.kill('SIGTERM')
    expect(await pod.ended).toMatchObject({ code: 143, said: expect.not.stringContaining('began') })
  })

  it('while the result is uploaded it still is, within the grace', async () => {
    const pod = await town.start({
      lane: 'pipeline-late',
      program: 'echo {} > "$SIGNALBOX_OUT/metrics.json"; echo x > "$SIGNALBOX_OUT/x"; echo y > "$SIGNALBOX_OUT/y"',
      fate: (_n, req) => {
        if (req.method === 'PUT' && req.url?.includes('/out/x')) pod.child.kill('SIGTERM')
        return 'on'
      },
    })
    expect(await pod.ended).toMatchObject({ code: 0 })
    expect(await town.result('pipeline-late', 1)).toMatchObject({ ok: true })
  })

  it('other signals are the program’s', async () => {
    const pod = await town.start({
      lane: 'pipeline-usr1',
      program: `trap 'echo saving; exit 0' USR1; echo began; while true; do sleep 0.05; done`,
    })
    await pod.says('began')
    pod.child.kill('SIGUSR1')
    expect(await pod.ended).toMatchObject({ code: 0, said: expect.stringContaining('saving') })
  })
})

describe('the other modes', () => {
  it('fetch brings several folders, and nothing twice', async () => {
    await town.put('w/base/a', 'A')
    await town.put('w/adapter/b/c', 'C')
    const args = (folder: string): string[] => [
      'fetch',
      join(folder, 'to'),
      `s3://${BUCKET}/w/base`,
      `s3://${BUCKET}/w/adapter/`,
    ]
    const first = await town.start({ args: ['version'] })
    await first.ended
    const one = await town.run({ args: args(first.folder) })
    const two = await town.run({ args: args(first.folder) })
    expect([one.code, two.code]).toEqual([0, 0])
    expect(readFileSync(join(first.folder, 'to/adapter/b/c'), 'utf8')).toBe('C')
    expect(two.said.match(/\(1 were there already\)/g)).toHaveLength(2)
    expect(await town.run({ args: ['fetch', 'x'] })).toMatchObject({ code: 42 })
    expect(await town.run({ args: ['fetch', join(first.folder, 'to'), `s3://${BUCKET}/nothing`] })).toMatchObject({
      code: 42,
    })
  })

  it('install leaves the program where it is told, and that runs', async () => {
    const { folder, code } = await town.run({ args: ['version'] })
    expect(code).toBe(0)
    expect(await town.run({ args: ['install', folder] })).toMatchObject({ code: 0 })
    const copy = join(folder, 'signalbox-run')
    expect(readFileSync(copy).equals(readFileSync(town.binary))).toBe(true)
    expect(statSync(copy).mode & 0o777).toBe(0o755)
    expect(readdirSync(folder).filter((name) => name.startsWith('.signalbox'))).toEqual([])
  })

  it('--help says each mode and what the codes mean', async () => {
    const { said, code } = await town.run({ args: ['--help'] })
    expect(code).toBe(0)
    for (const word of ['run --', 'fetch', 'probe', 'install', '42', '75', '77', '143']) expect(said).toContain(word)
  })
})
