import type { KubeObject } from '../../core/kube.ts'
import { whyOf } from '../../flows/why.ts'
import { CATALOGUES } from '../../functions/door.ts'
import example from '../example.ts'
import { laddered } from './ladder.ts'
import { jobsOf, TRAIN, upload } from './scenes.ts'
import type { Town } from './town.ts'

const pipelines = example.pipelines ?? {}
const pipeline = pipelines['support-chats']
const [train, ...others] = pipeline?.stages ?? []

/** The example's pipeline, of which the first stage, or all of them, may be suspended. */
export const preemptible = (is = true, all = false) => ({
  ...pipelines,
  'support-chats': {
    ...pipeline,
    stages: [{ ...train, preemptible: is }, ...others.map((stage) => ({ ...stage, preemptible: all }))],
  },
})

/** $20 of nodes suspend what is preemptible; nobody is asked about a training. */
export const suspending = (more: Record<string, unknown> = {}) =>
  laddered(1000, [{ at: 0.02, do: 'suspend-preemptible' }], {
    approvals: { ...example.approvals, autoApproveBelow: 1e9 },
    pipelines: preemptible(),
    ...more,
  })

/** A training of so many minutes at work. */
export const trains = async (town: Town, minutes = 150): Promise<void> => {
  await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes } } } })
  await town.until('it trains', async () => (await town.lane(TRAIN)).run?.steps[0]?.ranFrom != null)
}

export const trainJob = async (town: Town): Promise<KubeObject<'Job'>> =>
  (await jobsOf(town)).find(({ metadata }) => metadata.name.endsWith('-train')) as KubeObject<'Job'>

export const isSuspended = async (town: Town): Promise<boolean> => (await trainJob(town)).spec?.suspend === true

export const whyTrain = async (town: Town): Promise<string> => (await whyOf(town.house.ports, TRAIN, CATALOGUES)).text
