import { joined } from '../../core/lane/change.ts'
import { emptyDocument, type LaneDocument } from '../../core/lane/document.ts'
import type { Ended } from '../../core/lane/ended.ts'
import { next } from '../../core/lane/next.ts'
import { settle } from '../../core/lane/settle.ts'
import { kinds } from './kinds.ts'
import { leaveLook } from './people.ts'
import { FIRST, LANE, policiesOf, type Wanted } from './policies.ts'
import { reactionsOf } from './reaction.ts'
import type { Config, Core, Guards, Model, State } from './state.ts'

export const CORE: Core = { next, settle, joined }

export const GUARDS: Guards = {
  writesFirst: true,
  compares: true,
  renames: true,
  wholeReads: true,
  sameContent: true,
  follows: true,
  givesBack: true,
  bounds: true,
  fences: true,
  looks: true,
}

export const modelOf = (
  config: Config,
  { core = CORE, guards = GUARDS }: { core?: Core; guards?: Guards } = {},
): Model => {
  const kind = kinds[config.kind]
  return { config, core, guards, kind, reactions: reactionsOf(kind, config.onNewer), policies: policiesOf(config) }
}

/** Nobody is inside; a letter says that there is something to look at. */
export const initialOf = (model: Model): State => {
  const { most, kind } = model.config
  const standing = kind === 'standing' && model.config.serves
  const version = FIRST[kind]
  const empty: State = {
    now: 1_000_000,
    left: most,
    policy: 'plain',
    ledger: { rows: standing ? served(model) : {}, sums: {}, due: {} },
    world: {
      source: { a: { version, order: version, complete: true, until: 0 } },
      newest: version,
      jobs: {},
      results: {},
      registry: [],
      deployments: standing ? { 1: { digest: 'v1', replicas: 1, ready: 1, fence: 1, marked: 1 } } : {},
      flying: [],
      others: 0,
      doors: [],
    },
    inside: [],
    past: {
      excused: false,
      moved: false,
      created: {},
      finished: [],
      anew: [],
      spoiled: [],
      read: {},
      expired: {},
      answered: [],
      wanted: 0,
      lost: 0,
    },
    count: 0,
    bad: null,
  }
  return leaveLook(empty, 'a')
}

/** A lane that serves its first version. */
const served = ({ policies }: Model): State['ledger']['rows'] => {
  const desired: Wanted = { kind: 'model', version: 1 }
  const done: Ended = {
    kind: 'succeeded',
    reason: null,
    detail: 'carried out',
    generation: 1,
    attempt: 1,
    at: 0,
    against: null,
    stages: [],
  }
  const doc: LaneDocument = {
    ...emptyDocument(policies.plain, LANE),
    desired,
    generation: 1,
    attempt: 1,
    attemptsLeft: policies.plain.retries,
    outcome: done,
    baseline: { generation: 1, desired, replicas: 1 },
    rest: { why: 'done', text: 'v1: carried out', since: 0, until: null, side: null, tries: 1 },
  }
  return { [`lane ${LANE}`]: { id: LANE, revision: 1, value: doc } }
}

const train: Config = {
  name: 'train',
  kind: 'once',
  steps: 'registered',
  onNewer: 'stop',
  serves: true,
  asks: false,
  retries: 0,
  expiry: 3_600_000,
  priced: false,
  faults: [],
  doings: [],
  most: { faults: 0, doings: 0 },
}

/** A configuration like a plain training, but for what is given. */
export const config = (given: Partial<Config> & { name: string }): Config => ({ ...train, ...given })
