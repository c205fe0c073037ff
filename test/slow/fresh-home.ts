import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Running, startChild } from '../../scripts/child.ts'
import { type Check, lane } from '../../scripts/lane.ts'

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** A person's first minutes: a fresh clone, an empty home, one command for the product and one for its tests. */
const firstMinutes = async (check: Check, place: string): Promise<void> => {
  const clone = join(place, 'clone')
  const env = homeless(join(place, 'home'))
  const npm = (...args: string[]): Running => startChild('npm', args, { cwd: clone, env })
  const succeeds = async (running: Running, seconds: number) =>
    assert.equal(await running.ended(seconds), 0, running.output().slice(-2000))

  await check('the repository can be cloned', () =>
    succeeds(startChild('git', ['clone', '--quiet', repository, clone], { cwd: place, env: process.env }), 60),
  )
  await check('npm ci installs everything', () => succeeds(npm('ci'), 300))

  const product = npm('start', '--', '--port', '0')
  try {
    const address = await check(
      'npm start prints its address',
      async () => (await product.printed(/http:\/\/127\.0\.0\.1:\d+/, 20))[0],
    )
    await check('it says that it is well', () => answers(`${address}/healthz`, /json/))
    await check('it shows its page', () => answers(`${address}/`, /html/))
    await check('it takes an event from the command line', () =>
      succeeds(startChild('npx', ['signalbox', 'emit', 'dataset-uploaded/base'], { cwd: clone, env }), 20),
    )
    await check('it lets the README’s promotion in', async () => {
      const [, promotion = ''] = /```bash\n(TOKEN=[^`]+)```/.exec(readFileSync(join(clone, 'README.md'), 'utf8')) ?? []
      const said = ['-c', promotion.replace('http://127.0.0.1:4680', address)]
      const shell = startChild('bash', said, { cwd: clone, env })
      await succeeds(shell, 20)
      // Let in, and told that nothing is registered yet.
      assert.match(shell.output(), /RESOURCE_DOES_NOT_EXIST/)
    })
    await check('it stops when it is asked to', async () => assert.equal(await product.stop(10), true))
  } finally {
    await product.stop(10)
  }

  await check('npm test passes', () => succeeds(npm('test'), 300))
  await check('nothing of it changed what git knows', async () => {
    const status = startChild('git', ['status', '--porcelain'], { cwd: clone, env: process.env })
    await succeeds(status, 20)
    assert.equal(status.output(), '')
  })
}

/** The environment with an empty home, and without what the surrounding `npm` or Node put into it. */
const homeless = (home: string): NodeJS.ProcessEnv => {
  mkdirSync(home)
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_lifecycle|npm_package|INIT_CWD$|NODE_OPTIONS$|XDG_|SIGNALBOX_)/.test(name),
  )
  const path = (process.env['PATH'] ?? '')
    .split(':')
    .filter((folder) => !folder.includes('node_modules'))
    .join(':')
  return { ...Object.fromEntries(kept), HOME: home, PATH: path }
}

const answers = async (address: string, type: RegExp): Promise<void> => {
  const response = await fetch(address, { signal: AbortSignal.timeout(10_000) })
  assert.equal(response.status, 200, `${address} answers ${response.status}: ${await response.text()}`)
  assert.match(response.headers.get('content-type') ?? '', type)
}

await lane(async (check) => {
  const place = mkdtempSync(join(tmpdir(), 'signalbox-fresh-home-'))
  try {
    await firstMinutes(check, place)
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
})
