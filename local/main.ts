import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { scaledClock } from './clock.ts'
import { keepGoing } from './drive.ts'
import { type LocalHouse, openHouse } from './house.ts'
import { openPolicies } from './policies/file-policies.ts'
import { openSecrets } from './secrets/local-secrets.ts'
import { startServer } from './server/server.ts'
import { openStores } from './stores.ts'
import { type Chapter, playTour } from './tour.ts'

/** What a running product leaves in its data folder, so that the command line finds it. */
export interface Running {
  url: string
  pid: number
  token: string
}

export const RUNNING_FILE = 'running.json'

export interface StartOptions {
  /** 0 = any free port. */
  port: number
  dataDir: string
  configFile: string
  /** Virtual seconds a second. */
  speed: number
  version: string
}

export interface Product {
  url: string
  house: LocalHouse
  close(): Promise<void>
}

/** Secrets that the environment gives in place of those made at the first start. */
export const givenSecrets = () => ({
  'mlflow-webhook': process.env['SIGNALBOX_MLFLOW_SECRET'],
  'slack-signing': process.env['SIGNALBOX_SLACK_SIGNING_SECRET'],
})

/** Starts the whole product on this machine: files, doors, timers, page. Throws with a readable message. */
export const startProduct = async ({ port, dataDir, configFile, speed, version }: StartOptions): Promise<Product> => {
  mkdirSync(dataDir, { recursive: true })
  const policies = await openPolicies({ file: configFile })
  const secrets = openSecrets({
    dataDir,
    given: givenSecrets(),
  })
  const stores = openStores(dataDir)
  const clock = scaledClock({ start: resumeAt(dataDir), speed })
  const onError = (what: string, error: unknown): void =>
    console.error(`signalbox: ${what}: ${error instanceof Error ? error.message : String(error)}`)
  const house = await openHouse({ stores, policies, secrets, clock, onError })
  const tours = tourOnPage(house)
  const server = await startServer({ house, port, version, tour: tours })
  const stop = keepGoing(house, { speed, onError: (error) => onError('the timer', error) })
  const running: Running = { url: server.url, pid: process.pid, token: await secrets.get('token') }
  const file = join(dataDir, RUNNING_FILE)
  writeFileSync(file, JSON.stringify(running), { mode: 0o600 })
  const remember = setInterval(() => writeFileSync(join(dataDir, CLOCK_FILE), String(clock.now())), 1000)
  return {
    url: server.url,
    house,
    close: async () => {
      clearInterval(remember)
      writeFileSync(join(dataDir, CLOCK_FILE), String(clock.now()))
      rmSync(file, { force: true })
      await server.close()
      await stop()
      await house.close()
      stores.close()
    },
  }
}

/** Virtual time goes on where it was: rows of the ledger must never lie in the future. */
const CLOCK_FILE = 'clock'

const resumeAt = (dataDir: string): number => {
  const file = join(dataDir, CLOCK_FILE)
  const remembered = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  return Math.max(Date.now(), Number.isFinite(remembered) ? remembered : 0)
}

/** The page's tour: one at a time; the person answers. */
const tourOnPage = (house: LocalHouse): (() => { ok: boolean; detail: string }) => {
  let playing = false
  const until = async (_what: string, done: () => Promise<boolean>): Promise<void> => {
    if (await done()) return
    await new Promise<void>((resolve, reject) => {
      const stop = house.onChange(() => {
        done().then(
          (over) => over && settle(resolve),
          (error: unknown) => settle(() => reject(error)),
        )
      })
      const settle = (end: () => void): void => {
        stop()
        end()
      }
    })
  }
  const play = (): Promise<Chapter[]> => playTour(house, { say: () => undefined, until, answerAs: null })
  return () => {
    if (playing) return { ok: false, detail: 'the tour is being played: answer what it asks in the Slack pane' }
    playing = true
    play()
      .catch((error: unknown) => console.error('signalbox: the tour:', error))
      .finally(() => {
        playing = false
      })
    return { ok: true, detail: 'a dataset lands; the plan will ask you in the Slack pane' }
  }
}
