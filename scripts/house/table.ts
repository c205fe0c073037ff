/** What a room may import of something: all of it, its types alone, or only from some of its files. */
export interface Allowed {
  /** A path of ours or the name of a library; ends with `/` or `:` when everything below is meant. */
  of: string
  typesOnly?: true
  /** Files (as beginnings of paths) of the room that may; all when left out. */
  in?: string[]
}

export interface Room {
  /** Completes "but <room> …". */
  is: string
  /** Rooms or files of ours besides the room itself. */
  ours: Allowed[]
  libraries: Allowed[]
  /** May import what is only known at run time. */
  computed?: true
  /** Where a line belongs whose import begins with `of`; the first that fits is said. */
  instead: { of: string; say: string }[]
}

const BEHIND_A_PORT = 'reading and writing belong in effects/ behind a port of flows/ports.ts'
const ANYTHING = [{ of: '' }]
const SDKS: Room['instead'] = ['@aws-sdk/', '@kubernetes/'].map((of) => ({
  of,
  say: 'an SDK is touched only in effects/, behind a port of flows/ports.ts',
}))

/** The table of who may import whom: the only place where it is written as code. */
export const HOUSE: Record<string, Room> = {
  events: {
    is: 'says what can happen and knows zod alone',
    ours: [],
    libraries: [
      // `zod/mini` is imported in a third of zod's time, and doors that people wait for import what stands here.
      { of: 'zod/mini' },
      { of: 'zod/v4/locales/en.js' },
      { of: '@streamparser/json', in: ['events/manifest.ts'] },
    ],
    instead: [
      { of: 'zod', say: 'take `zod/mini`, and `inEnglish` of events/input.ts for its sentences' },
      { of: 'core/', say: 'what an event says belongs here, what we think of it in core/reactions/' },
      { of: 'node:', say: 'parsing needs JSON only; signatures are checked by the doors in functions/' },
      { of: '', say: 'a contract takes JSON and gives an event; everything else belongs in the room that it is about' },
    ],
  },
  core: {
    is: 'is pure',
    ours: [{ of: 'events/' }],
    libraries: [
      { of: '@kubernetes/client-node', typesOnly: true },
      { of: 'zod/mini', in: ['core/policy.ts', 'core/policy/', 'core/promotion.ts'] },
      { of: 'croner', in: ['core/slots.ts'] },
      { of: 'node:crypto', in: ['core/digest.ts'] },
    ],
    instead: [
      { of: 'node:crypto', say: 'take `sha256Hex` or `digestOf` of core/digest.ts' },
      { of: 'zod', say: 'foreign shapes are parsed in events/, the policy in core/policy.ts' },
      { of: 'node:', say: BEHIND_A_PORT },
      { of: 'flows/', say: 'what asks a port belongs in flows/, which hands core the facts' },
      { of: '', say: 'it takes facts and gives decisions and plans; what touches the outside belongs in effects/' },
    ],
  },
  flows: {
    is: 'knows ports only',
    ours: [{ of: 'core/' }, { of: 'events/' }],
    libraries: [],
    instead: [
      { of: '@kubernetes/client-node', say: 'take `KubeObject` of core/kube.ts' },
      ...SDKS,
      { of: 'node:', say: BEHIND_A_PORT },
      { of: 'effects/', say: 'ask for the port, and let the door hand the effect in' },
      { of: '', say: 'say what is needed as a port in flows/ports.ts, and fulfil it in effects/' },
    ],
  },
  effects: {
    is: 'fulfils ports, one a folder, with one SDK each',
    ours: [
      { of: 'flows/ports.ts' },
      { of: 'flows/ledger-port.ts' },
      { of: 'flows/ledger-rules.ts' },
      { of: 'flows/metrics-port.ts' },
      { of: 'flows/registry-port.ts' },
      { of: 'flows/images-port.ts' },
      { of: 'core/' },
      { of: 'events/' },
    ],
    libraries: [
      { of: 'node:' },
      { of: '@aws-sdk/' },
      { of: 'aws-lambda', typesOnly: true, in: ['effects/queue/'] },
      { of: '@smithy/', in: ['effects/cluster/', 'effects/metrics/'] },
      { of: '@aws-crypto/', in: ['effects/cluster/', 'effects/metrics/'] },
      { of: '@kubernetes/client-node', in: ['effects/cluster/'] },
      { of: 'undici', in: ['effects/cluster/', 'effects/images/', 'effects/metrics/', 'effects/registry/'] },
    ],
    instead: [
      {
        of: 'flows/',
        say: 'of flows it sees the ports alone (flows/ports.ts, flows/ledger-port.ts and its rules); what uses them belongs in flows/ or in a door',
      },
      { of: 'functions/', say: 'a door is made from ports and effects never see it' },
      { of: '', say: 'each SDK stays in the folder of its own port' },
    ],
  },
  functions: {
    is: 'is made from ports',
    ours: [{ of: 'flows/' }, { of: 'core/' }, { of: 'events/' }, { of: 'effects/', in: ['functions/aws-binding'] }],
    libraries: [
      { of: 'node:crypto' },
      { of: 'node:timers/promises', in: ['functions/aws-binding'] },
      { of: '@aws-sdk/', in: ['functions/aws-binding'] },
      { of: '@middy/' },
      { of: '@aws-lambda-powertools/' },
      { of: 'aws-lambda', typesOnly: true },
    ],
    instead: [
      { of: 'effects/', say: 'a door takes its ports as a parameter; functions/aws-binding*.ts alone makes them' },
      ...SDKS,
      { of: 'node:', say: BEHIND_A_PORT },
      { of: '', say: 'a door holds 5–20 lines of handler; the work belongs in flows/' },
    ],
  },
  local: {
    is: 'is the same house on one machine',
    ours: [
      { of: 'flows/' },
      { of: 'core/' },
      { of: 'events/' },
      { of: 'functions/' },
      { of: 'effects/cluster/' },
      { of: 'effects/metrics/' },
      { of: 'effects/registry/' },
      // What Slack would refuse is refused here too.
      { of: 'effects/chat/blocks.ts', in: ['local/chat/'] },
      { of: 'effects/chat/limits.ts', in: ['local/chat/'] },
    ],
    libraries: [
      { of: 'node:' },
      { of: 'hono' },
      { of: 'hono/' },
      { of: '@hono/node-server' },
      { of: 'zod' },
      { of: '@hono/node-server/' },
      { of: 'js-yaml', in: ['local/policies/manifest-file.ts'] },
    ],
    computed: true,
    instead: [
      { of: '@kubernetes/client-node', say: 'take `KubeObject` of core/kube.ts' },
      ...SDKS,
      { of: 'cli/', say: 'the command line starts the house, not the other way round' },
      { of: '', say: 'it uses node: and hono; what reaches the real world belongs in effects/' },
    ],
  },
  cli: {
    is: 'is the command line',
    ours: ['events/', 'core/', 'flows/', 'effects/', 'functions/', 'local/', 'signalbox.config.ts', 'package.json'].map(
      (of) => ({ of }),
    ),
    libraries: [{ of: 'node:' }, { of: 'commander' }],
    computed: true,
    instead: [
      { of: 'infra/', say: 'the stack is synthesized by its own command; share facts through functions/' },
      { of: 'test/', say: 'what the product needs belongs in a room of the product' },
      { of: '', say: 'a command parses arguments, asks the house of local/ and prints' },
    ],
  },
  infra: {
    is: 'is the stack',
    ours: [
      { of: 'events/' },
      // The name of a door's Kubernetes group must be one function, and so must those of the accounts of pods.
      { of: 'core/bootstrap/rights.ts' },
      { of: 'core/workloads/accounts.ts' },
      { of: 'core/managed-prometheus.ts' },
      // What a policy leaves out, and what is called after it, means the same to the stacks as to the doors.
      { of: 'core/policy.ts' },
      { of: 'core/policy/' },
      { of: 'core/', typesOnly: true },
      { of: 'functions/' },
    ],
    libraries: [
      { of: 'zod' },
      { of: 'aws-cdk-lib' },
      { of: 'aws-cdk-lib/' },
      { of: 'constructs' },
      { of: 'cdk-nag' },
      { of: 'node:' },
    ],
    instead: [
      { of: 'effects/', say: 'it deploys doors as built files and imports only their rights' },
      { of: '', say: 'it takes patterns from events/ and rights from functions/' },
    ],
  },
  test: { is: 'may use anything', ours: ANYTHING, libraries: ANYTHING, computed: true, instead: [] },
  bench: { is: 'may use anything', ours: ANYTHING, libraries: ANYTHING, computed: true, instead: [] },
  scripts: { is: 'may use anything', ours: ANYTHING, libraries: ANYTHING, computed: true, instead: [] },
  'signalbox.config.ts': {
    is: 'is plain data',
    ours: [{ of: 'core/policy.ts' }],
    libraries: [],
    instead: [{ of: '', say: 'it imports `defineConfig` of core/policy.ts and nothing else' }],
  },
  examples: {
    is: 'is plain data',
    ours: [{ of: 'core/policy.ts' }],
    libraries: [],
    instead: [
      { of: '', say: 'an example imports `defineConfig` of core/policy.ts and nothing else, as a user’s policy does' },
    ],
  },
  'vitest.config.ts': {
    is: 'configures the tests',
    ours: [{ of: 'scripts/longest-first.ts' }],
    libraries: [{ of: 'vitest/config' }],
    instead: [{ of: '', say: 'what tests share belongs in test/setup.ts' }],
  },
}

/** Files (as beginnings of paths) that may read the environment. */
export const ENVIRONMENT = [
  'functions/aws-binding',
  'infra/app.ts',
  'local/main',
  'local/secrets',
  'local/rig/',
  'cli/signalbox.mjs',
  'cli/main.ts',
  'test/setup.ts',
  'test/slow/',
  'test/real/',
  'test/runner/',
  'test/images/',
  'bench/',
  'scripts/',
]

/** Names that say nothing about what is inside. */
export const FORBIDDEN_NAMES = ['util', 'utils', 'helper', 'helpers', 'common', 'shared', 'lib', 'misc']

/** Lines that a file may have. */
export const LONGEST_FILE = 250

/** A test mirrors one file and may list many cases of it. */
export const LONGEST_TEST = 600
