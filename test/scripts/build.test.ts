import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { Lock } from '../../core/images/lock.ts'
import { imagesIn } from '../../core/images/places.ts'
import { parseReference, printReference } from '../../core/images/reference.ts'
import { parsePolicy } from '../../core/policy.ts'
import { doors } from '../../infra/doors.ts'
import { writeLock } from '../../local/policies/lock-file.ts'
import { type Built, buildAll } from '../../scripts/build.ts'
import config from '../../signalbox.config.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-build-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const build = (name: string, from = 'signalbox.config.ts'): Promise<Built[]> =>
  buildAll({ out: join(folder, name), config: from })

/** The example with tags in the place of its digests, which its lock has where there is one. */
const tagged = (name: string, isLocked: boolean): string => {
  const lock: Lock = Object.fromEntries(
    imagesIn(config).map(({ text }) => {
      const { digest, ...reference } = parseReference(text)!
      const image = printReference({ ...reference, digest: null, tag: '1.0' })
      return [image, { digest: digest!, platforms: ['linux/amd64'], from: 'x', resolved: 'y' }]
    }),
  )
  const file = join(folder, `${name}.config.json`)
  writeFileSync(file, JSON.stringify(config).replaceAll(/@sha256:[0-9a-f]{64}/g, ':1.0'))
  if (isLocked) writeLock(join(folder, `${name}.lock.json`), lock)
  return file
}
const digests = (name: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(join(folder, name), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = join(entry.parentPath, entry.name)
        return [file.slice(join(folder, name).length), createHash('sha256').update(readFileSync(file)).digest('hex')]
      }),
  )

/** KB of each bundle: what grows must be meant. Each reads the policy, with every answer to what is wrong in one, and what says when schedules begin. */
const BUDGET: Record<string, number> = {
  'registry-webhook': 460,
  'alert-webhook': 460,
  'slack-interaction': 660,
  'slack-command': 465,
  'dataset-uploaded': 900,
  'model-promoted': 900,
  'version-changed': 900,
  'drift-detected': 900,
  'alarm-changed': 900,
  'drift-reported': 900,
  'budget-notice': 445,
  'budget-crossed': 710,
  'cost-anomaly': 710,
  'capacity-warned': 450,
  reconcile: 2860,
  // It tells rows of a newer release apart, and knows lanes and letters for that.
  tick: 645,
  watch: 2460,
  resync: 2670,
  meter: 2260,
}

const HEAVY = ['@kubernetes/client-node', 'undici', '@aws-sdk/client-eks', '@aws-sdk/credential-provider-node']

it('bundles every door within its budget, and the same sources twice to the same bytes', async () => {
  const built = await build('one')
  expect(built.map(({ door }) => door).sort()).toEqual(doors.map(({ name }) => name).sort())
  for (const { door, bytes } of built) expect.soft(bytes / 1024, door).toBeLessThan(BUDGET[door] ?? 0)
  // Tags that are pinned to them are the same sources.
  await build('two', tagged('two', true))
  expect(digests('two')).toEqual(digests('one'))

  // Doors of people, webhooks and events: no Kubernetes, no registry, no client that they do not ask.
  for (const name of ['registry-webhook', 'slack-interaction', 'dataset-uploaded', 'model-promoted', 'tick']) {
    const inputs = Object.keys(built.find(({ door }) => door === name)?.inputs ?? {})
    for (const heavy of HEAVY) expect(inputs, name).not.toContain(heavy)
  }
  const document: unknown = JSON.parse(readFileSync(join(folder, 'one/policy/policy.json'), 'utf8'))
  expect(parsePolicy(document).version).toBe(parsePolicy(config).version)
}, 60_000)

it('builds nothing of a policy whose tags nobody has pinned', async () => {
  await expect(build('three', tagged('three', false))).rejects.toThrow('run `npx signalbox pin --config ')
  expect(readdirSync(folder)).not.toContain('three')
})
