import { mkdirSync } from 'node:fs'
import { parsePolicy } from '../core/policy.ts'
import { virtualClock } from '../local/clock.ts'
import { runUntil } from '../local/drive.ts'
import { openHouse } from '../local/house.ts'
import { fixedPolicies } from '../local/policies/file-policies.ts'
import { promote, registerVersion, uploadDataset } from '../local/scenario.ts'
import { fixedSecrets } from '../local/secrets/local-secrets.ts'
import { startServer } from '../local/server/server.ts'
import { openStores } from '../local/stores.ts'
import { playTour } from '../local/tour.ts'
import config from '../signalbox.config.ts'
import { openBrowser } from './browser.ts'

/** The page in the middle of the story: one lane done, one that asks, one upload that waits. Written to docs/screenshots. */
const clock = virtualClock(Date.UTC(2026, 10, 23, 9))
const policy = parsePolicy(config)
const secrets = fixedSecrets({
  'mlflow-webhook': 'a',
  'alert-webhook': 'test-alerts',
  'slack-signing': 'b',
  token: 'c',
})
const stores = openStores(null)
const house = await openHouse({ stores, policies: fixedPolicies(policy), secrets, clock })
const until = async (_: string, done: () => Promise<boolean>): Promise<void> => {
  await runUntil(house, clock, { done, atMost: 24 * 3_600_000 })
}
await playTour(house, {
  say: () => undefined,
  until,
  answerAs: policy.approvals.approvers.map(({ id }) => id),
  edit: null,
})
const better = await registerVersion(house, { model: 'support-llama', simulation: { loadMinutes: 4 } })
await promote(house, 'support-llama', better)
await uploadDataset(house, {
  bucket: 'acme-datasets',
  folder: 'support-chats/next/',
  rows: ['{}', '{}'],
  leaveOut: [1],
})
await house.scanUploads()
await house.advance()
const server = await startServer({ house, port: 0, version: 'screenshot' })
const browser = await openBrowser()
const folder = new URL('../docs/screenshots/', import.meta.url).pathname
mkdirSync(folder, { recursive: true })
for (const [name, width, colorScheme] of [
  ['page', 1280, 'light'],
  ['page-dark', 1280, 'dark'],
  ['page-narrow', 390, 'light'],
] as const) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
  await page.goto(`${server.url}/?lane=service/support-llama`)
  await page.waitForSelector('.track')
  await page.screenshot({ path: `${folder}${name}.png` })
  console.log(`docs/screenshots/${name}.png`)
}
await browser.close()
await server.close()
await house.close()
stores.close()
