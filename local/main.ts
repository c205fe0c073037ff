import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Policy } from '../core/policy.ts'
import { loadKubeconfig } from '../effects/cluster/kubeconfig.ts'
import { ourNamespaces } from '../flows/namespaces.ts'
import type { Clock, Policies } from '../flows/ports.ts'
import { isAlive } from './alive.ts'
import { reservingClock, scaledClock } from './clock.ts'
import { expectFurnished, expectSameCluster } from './cluster/furnished.ts'
import { openRealCluster } from './cluster/real-cluster.ts'
import { keepGoing } from './drive.ts'
import { FolderTaken, LOCK_FILE, lockFolder } from './folder-lock.ts'
import { type LocalHouse, openHouse } from './house.ts'
import { metricsAt, registryAt } from './main-servers.ts'
import type { FolderObjects } from './objects/folder-objects.ts'
import { onTerminal } from './on-terminal.ts'
import { openOwnFolder } from './own-folder.ts'
import { openPolicies } from './policies/file-policies.ts'
import { openSecrets } from './secrets/local-secrets.ts'
import type { Served } from './server/served.ts'
import { startServer } from './server/server.ts'
import { openStores } from './stores.ts'
import { playTour } from './tour.ts'
import { tourNeeds } from './tour-needs.ts'
import type { Chapter } from './tour-stage.ts'

/** What a running product leaves in its data folder, so that the command line finds it. */
export interface Running {
  url: string
  pid: number
  token: string
  /** The policy's file, in full. */
  config?: string | undefined
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
  /** In place of the simulated cluster. Its time is real: `speed` must be 1. */
  cluster?: RealStart | undefined
  /** This ledger takes the place of the one that acts in the namespaces: it was moved or restored. */
  adopt?: boolean | undefined
  /** An MLflow server, in place of the stand-in registry. */
  mlflow?: string | undefined
  /** A server of Prometheus' HTTP API, which is asked whether alerts still fire; nobody unless told. */
  prometheus?: string | undefined
}

/** Which real cluster, and where on it. */
export interface RealStart {
  kubeconfig?: string | undefined
  context?: string | undefined
  /** In place of both namespaces of the policy. */
  namespace?: string | undefined
}

export interface Product {
  url: string
  /** The address of the page for who started it: its buttons act. Others on this machine may read it, and press nothing. */
  page: string
  house: LocalHouse
  /** What was found open to others of the data folder, and closed; null: nothing. */
  closed: string | null
  close(): Promise<void>
}

/** Secrets that the environment gives in place of those made at the first start. */
export const givenSecrets = () => ({
  'mlflow-webhook': process.env['SIGNALBOX_MLFLOW_SECRET'],
  'alert-webhook': process.env['SIGNALBOX_ALERT_SECRET'],
  'slack-signing': process.env['SIGNALBOX_SLACK_SIGNING_SECRET'],
})

/** The product that runs on a data folder; null when none does. What a killed one left behind leads nowhere. */
export const readRunning = (dataDir: string): Running | null => {
  const file = join(dataDir, RUNNING_FILE)
  const running = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Running) : null
  return running !== null && isAlive(running.pid) ? running : null
}

/**
 * Starts the whole product on this machine: files, doors, timers, page. One product has a folder: a second one is refused.
 * Throws with a readable message, and then leaves nothing open.
 */
export const startProduct = async (options: StartOptions): Promise<Product> => {
  const { dataDir } = options
  // Others on this machine neither read what is in it nor hold its lock.
  const closed = openOwnFolder(dataDir)
  const unlock = lockFolder(dataDir)
  if (unlock === null) throw new FolderTaken(takenText(dataDir, closed !== null))
  const opened: (() => unknown)[] = [unlock]
  const close = async (): Promise<void> => {
    for (const end of opened.splice(0).reverse()) await end()
  }
  try {
    return { ...(await openProduct(options, opened)), closed, close }
  } catch (error) {
    await close()
    throw error
  }
}

const takenText = (dataDir: string, wasOpen: boolean): string => {
  const first = readRunning(dataDir)
  const held = `, or another user of this machine holds its file ${LOCK_FILE}, which they could read before (\`fuser ${join(dataDir, LOCK_FILE)}\`)`
  const starting = `another product is just starting on it${wasOpen ? held : ''}`
  const who = first === null ? starting : `${first.url} works on it (pid ${first.pid})`
  return `${dataDir} is taken: ${who}; stop that one, or name another folder with --data`
}

/** Everything of the product, in the order in which it needs each other; `opened` learns how to close each. */
const openProduct = async (
  options: StartOptions,
  opened: (() => unknown)[],
): Promise<Omit<Product, 'close' | 'closed'>> => {
  const { port, dataDir, configFile, speed, version, cluster, mlflow, prometheus, adopt } = options
  const config = cluster === undefined ? null : configOf(cluster)
  expectSameCluster(dataDir, config?.getCurrentCluster()?.server ?? null)
  const policies = inNamespace(await openPolicies({ file: configFile, simulated: config === null }), cluster?.namespace)
  const secrets = openSecrets({ dataDir, given: givenSecrets() })
  const clock = clockOn(dataDir, speed)
  opened.push(() => writeWhole(join(dataDir, CLOCK_FILE), String(clock.now())))
  const stores = openStores(dataDir)
  opened.push(stores.close)
  const [registry, metrics] = [registryAt(mlflow, policies), metricsAt(prometheus)]
  opened.push(() => registry?.close(), metrics.close)
  const openCluster = config === null ? undefined : openerOf(config, onTerminal)
  const house = await openHouse({
    stores,
    policies,
    secrets,
    clock,
    openCluster,
    registry,
    metrics,
    adopt,
    onError: onTerminal,
  })
  opened.push(house.close)
  const tour = registry === undefined ? tourOnPage(house) : tourElsewhere
  const server = await startServer({ house, port, version, tour })
  opened.push(server.close)
  opened.push(keepGoing(house, { speed, onError: (error) => onTerminal('the timer', error) }))
  const running: Running = {
    url: server.url,
    pid: process.pid,
    token: await secrets.get('token'),
    config: resolve(configFile),
  }
  const file = join(dataDir, RUNNING_FILE)
  opened.push(() => rmSync(file, { force: true }))
  writeWhole(file, JSON.stringify(running))
  return { url: server.url, page: `${server.url}/#${running.token}`, house }
}

/** Who sees the file reads all of it. */
const writeWhole = (file: string, text: string): void => {
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** A minute that a container plays on a rig's node lasts a second. */
const PLAYED_MINUTE = 1000

const configOf = ({ kubeconfig, context }: RealStart) =>
  loadKubeconfig({
    ...(kubeconfig === undefined ? {} : { file: kubeconfig }),
    ...(context === undefined ? {} : { context }),
  })

const openerOf =
  (config: ReturnType<typeof configOf>, onError: (what: string, error: unknown) => void) =>
  async ({ objects, clock, policy }: { objects: FolderObjects; clock: Clock; policy: Policy }) => {
    await expectFurnished(config, policy)
    const { installation } = policy
    const namespaces = ourNamespaces(policy)
    return openRealCluster({ config, clock, objects, installation, namespaces, minute: PLAYED_MINUTE, onError })
  }

const inNamespace = (policies: Policies, namespace: string | undefined): Policies =>
  namespace === undefined
    ? policies
    : {
        ...policies,
        load: async () => ({ ...(await policies.load()), namespaces: { training: namespace, serving: namespace } }),
      }

/** Virtual time goes on where it was: rows of the ledger must never lie in the future. */
export const CLOCK_FILE = 'clock'
/** Real time that a kill may cost virtual time; so often, at most, it is written down. Milliseconds. */
const RESERVED = 250

const clockOn = (dataDir: string, speed: number): Clock => {
  const write = (until: number): void => writeWhole(join(dataDir, CLOCK_FILE), String(until))
  return reservingClock(scaledClock({ start: resumeAt(dataDir), speed }), RESERVED * speed, write)
}

const resumeAt = (dataDir: string): number => Math.max(Date.now(), stoppedAt(dataDir) ?? 0)

/** What the folder's time was when its product was last seen to run; null when none ever did. */
export const stoppedAt = (dataDir: string): number | null => {
  const file = join(dataDir, CLOCK_FILE)
  const remembered = existsSync(file) ? Number(readFileSync(file, 'utf8')) : Number.NaN
  return Number.isFinite(remembered) ? remembered : null
}

const tourElsewhere = async () => ({
  ok: false,
  detail: 'the tour promotes in the stand-in registry: start without --mlflow to play it',
})

/** The page's tour: one at a time; the person answers. */
const tourOnPage = (house: LocalHouse): NonNullable<Served['tour']> => {
  let playing = false
  const until = (_what: string, done: () => Promise<boolean>): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        done().then(
          (over) => over && settle(resolve),
          (error: unknown) => settle(() => reject(error)),
        )
      }
      const stop = house.onChange(look)
      const settle = (end: () => void): void => {
        stop()
        end()
      }
      look()
    })
  const play = (): Promise<Chapter[]> => playTour(house, { say: () => undefined, until, answerAs: null, edit: null })
  return async () => {
    const missing = tourNeeds(await house.ports.policies.load())
    if (missing !== null) return { ok: false, detail: missing }
    if (playing) return { ok: false, detail: 'the tour is being played: answer what it asks in the Slack pane' }
    playing = true
    play()
      .catch((error: unknown) => onTerminal('the tour', error, { isBug: true }))
      .finally(() => {
        playing = false
      })
    return { ok: true, detail: 'a dataset lands; the plan will ask you in the Slack pane' }
  }
}
