/** What a contract has beside its samples and its test. */
export interface Stem {
  /** Has a reaction and a door under its own name. */
  intends: boolean
  /** The door that it comes in by, when that has another name. */
  door?: string
  why: string
}

/** The contracts, and which siblings each must have. A new contract is added here, with the reason. */
export const STEMS: Record<string, Stem> = {
  'dataset-uploaded': { intends: true, why: 'a dataset asks for a fine-tuning' },
  'model-promoted': { intends: true, why: 'a promoted model asks to be served' },
  'version-changed': { intends: true, why: 'a pipeline runs on a new version, or one that a tag was set on' },
  'drift-detected': { intends: true, why: 'drift asks for another training' },
  'drift-reported': { intends: true, why: 'drift asks for another training' },
  'alarm-changed': {
    intends: false,
    door: 'functions/alarm-changed.ts',
    why: 'what it tells is drift, as alerts of others do',
  },
  'budget-crossed': {
    intends: false,
    door: 'functions/budget-crossed.ts',
    why: 'what others count is told beside our own figure, and never acted upon',
  },
  'cost-anomaly': {
    intends: false,
    door: 'functions/cost-anomaly.ts',
    why: 'what others count is told beside our own figure, and never acted upon',
  },
  'capacity-warned': {
    intends: false,
    door: 'functions/capacity-warned.ts',
    why: 'it tells lanes, and starts nothing',
  },
  'approval-answered': {
    intends: false,
    door: 'functions/slack-interaction.ts',
    why: 'an answer is a letter of its lane, and the route is named after who calls it',
  },
  'lease-asked': {
    intends: false,
    door: 'functions/slack-command.ts',
    why: 'a lease is a letter of its pool, and the route is named after who calls it',
  },
  'run-asked': {
    intends: true,
    door: 'local/server/acting.ts',
    why: 'a person asks for a run; of a deployed product the command line leaves the letter itself',
  },
  'schedule-due': { intends: true, door: 'functions/resync.ts', why: 'a pipeline runs when its time has come' },
  'plan-finished': { intends: false, why: 'ours: it goes out, and nothing of ours reacts to it' },
}

/** Ports, and whether more than one implementation must keep the same promises. */
export const PORTS: Record<string, 'suite' | 'single'> = {
  ledger: 'suite',
  cluster: 'suite',
  queue: 'suite',
  registry: 'suite',
  objects: 'suite',
  metrics: 'suite',
  chat: 'suite',
  replies: 'single',
  bus: 'suite',
  policies: 'single',
  secrets: 'single',
  clock: 'single',
}

/** Folders whose every file has a test at the same place under test/. */
const MIRRORED = [
  'core/lane/',
  'core/lane-kinds/',
  'core/planning/',
  'core/reactions/',
  'core/steps/',
  'core/workloads/',
]

export interface Siblings {
  paths: readonly string[]
  /** Stems of the contracts in the catalogue. */
  contracts: readonly string[]
  /** Names of the ports in flows/ports.ts. */
  ports: readonly string[]
  /** Files that hold nothing to run, which need no test. */
  typesOnly: ReadonlySet<string>
}

/** One sentence for every file that is missing, which names it. Empty when the house is complete. */
export const missingSiblings = ({ paths, contracts, ports, typesOnly }: Siblings): string[] => {
  const there = new Set(paths)
  const ask = (file: string, why: string): string[] => (there.has(file) ? [] : [`add ${file}: ${why}`])
  return [
    ...contracts.flatMap((stem) => contractSiblings(stem, paths, ask)),
    ...samplesWithoutContract(paths, contracts),
    ...ports.flatMap((port) => portSiblings(port, ask)),
    ...paths
      .filter(
        (path) => path.endsWith('.ts') && !typesOnly.has(path) && MIRRORED.some((folder) => path.startsWith(folder)),
      )
      .flatMap((path) => ask(`test/${path.replace(/\.ts$/, '.test.ts')}`, `what ${path} promises must be shown`)),
  ]
}

type Ask = (file: string, why: string) => string[]

const contractSiblings = (stem: string, paths: readonly string[], ask: Ask): string[] => {
  const known = Object.hasOwn(STEMS, stem) ? STEMS[stem] : undefined
  const samples = `events/samples/${stem}/`
  return [
    ...ask(`events/${stem}.ts`, 'the catalogue lists this contract'),
    ...ask(`test/events/${stem}.test.ts`, `the contract ${stem} must be shown to be total`),
    ...(paths.some((path) => path.startsWith(samples) && path.endsWith('.json'))
      ? []
      : [`add ${samples}<case>.json: the contract ${stem} needs at least one sample`]),
    ...(known === undefined
      ? [`add ${stem} to STEMS in scripts/house/siblings.ts: say whether it intends, and why`]
      : stemSiblings(stem, known, ask)),
  ]
}

const stemSiblings = (stem: string, { intends, door, why }: Stem, ask: Ask): string[] => [
  ...(intends ? ask(`core/reactions/${stem}.ts`, `${stem} intends: ${why}`) : []),
  ...(intends || door !== undefined ? ask(door ?? `functions/${stem}.ts`, `${stem} needs a door: ${why}`) : []),
]

const samplesWithoutContract = (paths: readonly string[], contracts: readonly string[]): string[] => {
  const folders = new Set(paths.flatMap((path) => /^events\/samples\/([^/]+)\//.exec(path)?.[1] ?? []))
  return [...folders]
    .filter((stem) => !contracts.includes(stem))
    .map((stem) => `add events/${stem}.ts to events/catalogue.ts: it has samples and no contract`)
}

const portSiblings = (port: string, ask: Ask): string[] => {
  if (!Object.hasOwn(PORTS, port))
    return [
      `add ${port} to PORTS in scripts/house/siblings.ts: say whether several implementations must keep the same promises`,
    ]
  return PORTS[port] === 'suite'
    ? ask(`test/ports/${port}.contract.ts`, `every implementation of ${port} must keep the same promises`)
    : []
}
