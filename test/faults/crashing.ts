import type { Ports } from '../../flows/ports.ts'
import { promote, registerVersion, type Simulation, uploadDataset } from '../../local/scenario.ts'
import { ANA, openTown, type Town } from '../journeys/town.ts'

/** Where a process dies: at its nth call of a port, before the far side did it or after, when the answer is lost. */
export interface Death {
  at: number
  when: 'before' | 'after'
}

/** Counts every call of every port; at the nth the process is dead, and so is all that it still tries. */
export const mortal = (death: Death | null, die: () => void) => {
  const life = { calls: 0, dead: false }
  const gone = (): Error => new Error('the process is dead')
  const wrap = (ports: Ports): Ports => {
    const wrapPort = (port: object): object =>
      new Proxy(port, {
        get: (target, name) => {
          const member = Reflect.get(target, name) as unknown
          if (typeof member !== 'function' || name === 'now')
            return typeof member === 'function' ? member.bind(target) : member
          return async (...values: unknown[]) => {
            if (life.dead) throw gone()
            life.calls++
            const dies = life.calls === death?.at
            if (dies && death.when === 'before') {
              life.dead = true
              die()
              throw gone()
            }
            const answer = (await member.apply(target, values)) as unknown
            if (!dies) return answer
            life.dead = true
            die()
            throw gone()
          }
        },
      })
    return Object.fromEntries(
      Object.entries(ports).map(([name, port]) => [name, name === 'clock' ? port : wrapPort(port as object)]),
    ) as unknown as Ports
  }
  return { wrap, life }
}

/** What people do from outside, in order; each is repeated after a crash, as a person or a producer would. */
export interface Story {
  lane: string
  /** The generation that `act` leads to. */
  generation: number
  /** Written once, before anything else: datasets, versions. */
  prepare(town: Town): Promise<void>
  /** What starts it; repeating it must add nothing. */
  act(town: Town): Promise<void>
}

const HOURS = 12

/** Plays a story to its end, with one death on the way if there is one. Answers what the world and the ledger came to. */
export const play = async (
  { lane, generation, prepare, act }: Story,
  death: Death | null,
): Promise<{ ended: unknown; calls: number }> => {
  const town = await openTown()
  try {
    await prepare(town)
    const { wrap, life } = mortal(death, () => void town.house.close())
    await town.reopen(wrap).catch((error: unknown) => {
      if (!life.dead) throw error
    })
    const alive = async (work: () => Promise<void>): Promise<void> => {
      await work().catch((error: unknown) => {
        if (!life.dead) throw error
      })
      if (!life.dead || life.calls < 0) return
      life.calls = -1
      await town.reopen()
      await work()
    }
    const isOver = async () => {
      if (life.dead && life.calls >= 0) return true
      const row = await town.lane(lane)
      return row.generation === generation && row.holder === null && !['wanted', 'idle'].includes(row.state)
    }
    await alive(() => act(town))
    await alive(() =>
      town.until('it asks or is over', async () => (await isOver()) || (await town.question(lane)) !== null, HOURS),
    )
    await alive(async () => {
      const question = await town.question(lane)
      if (question !== null) await town.house.answer(question.id, { by: ANA, verdict: 'approve', reason: null })
    })
    await alive(() => town.until('it is over', isOver, HOURS))
    await alive(() => town.advance(20 * 60_000))
    const { calls } = life
    let ended: unknown = null
    await alive(async () => {
      ended = await outcomeOf(town, lane)
    })
    return { ended, calls }
  } finally {
    await town.close()
  }
}

/** Everything that a crash may not change. Times and uids are left out. */
const outcomeOf = async (town: Town, lane: string): Promise<unknown> => {
  const row = await town.lane(lane)
  const runs = (await town.house.ports.ledger.list('run', { limit: 100 })).map(({ value }) => ({
    id: value.id,
    outcome: value.outcome?.kind,
    reason: value.outcome?.reason,
    hold: value.hold,
    steps: value.steps.map(({ name, state }) => `${name} ${state}`),
  }))
  const objects = [...(await town.house.cluster.list('Job')), ...(await town.house.cluster.list('Deployment'))].map(
    (object) => {
      const { kind, metadata, spec } = object as typeof object & { spec?: { replicas?: number } }
      return { kind, name: metadata.name, replicas: spec?.replicas }
    },
  )
  const pools = (await town.house.ports.ledger.list('pool')).map(({ id, value }) => ({ id, holds: value.holds }))
  const registered = (
    await town.house.registry.rest('GET', 'model-versions/search', { filter: "name='support-llama'" })
  ).body['model_versions'] as unknown[] | undefined
  return {
    state: row.state,
    generation: row.generation,
    attempt: row.attempt,
    holder: row.holder,
    runs,
    objects,
    pools,
    registered: registered?.length ?? 0,
  }
}

const SLOW: Simulation = { metrics: { health: 1, p95_ms: 9000, error_rate: 0 } }

export const stories: Record<string, Story> = {
  'a dataset is trained on': {
    lane: 'train/support-chats',
    generation: 1,
    prepare: async (town) => {
      await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['{}'] })
    },
    act: (town) => town.house.scanUploads(),
  },
  'a model is rolled out': {
    lane: 'serve/support-llama',
    generation: 1,
    prepare: async (town) => {
      await registerVersion(town.house, { model: 'support-llama' })
    },
    act: (town) => promote(town.house, 'support-llama', '1'),
  },
  'a rollout walks back': {
    lane: 'serve/support-llama',
    generation: 2,
    prepare: async (town) => {
      await registerVersion(town.house, { model: 'support-llama' })
      await promote(town.house, 'support-llama', '1')
      await town.answered('serve/support-llama')
      await town.settled('serve/support-llama')
      await registerVersion(town.house, { model: 'support-llama', simulation: SLOW })
    },
    act: (town) => promote(town.house, 'support-llama', '2'),
  },
}
