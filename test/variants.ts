import type { Config } from '../core/policy.ts'
import example from './example.ts'

type Pipeline = NonNullable<Config['pipelines']>[string]
type Stage = Pipeline['stages'][number]
type Dataset = NonNullable<Pipeline['on']['dataset']>
type Piped = Pipeline & { on: { dataset: Dataset } }

/** What is other than in the example's pipeline. */
export interface Otherwise extends Partial<Dataset>, Partial<Pick<Pipeline, 'mode' | 'onNewer' | 'was'>> {
  /** Registered as this. */
  as?: string
  /** Of its first stage. */
  train?: Partial<Stage>
  /** Of its second stage. */
  evaluate?: Partial<Stage>
}

/** The example's pipeline with this or that other. */
export const piped = ({ mode, onNewer, was, as, train, evaluate, ...dataset }: Otherwise = {}): Piped => {
  const { stages, on, ...rest } = structuredClone(example.pipelines?.['support-chats'] as Piped)
  const [first, second] = stages as [Stage, Stage]
  return {
    ...rest,
    ...(mode === undefined ? {} : { mode }),
    ...(onNewer === undefined ? {} : { onNewer }),
    ...(was === undefined ? {} : { was }),
    ...(as === undefined ? {} : { register: { model: as } }),
    on: { dataset: { ...on.dataset, ...dataset } },
    stages: [
      { ...first, ...train },
      { ...second, ...evaluate },
    ],
  }
}

/** The two stages of a pipeline that is like the example's. */
export const stagesOf = <T>({ stages }: { stages: T[] }): { train: T; evaluate: T } => {
  const [train, evaluate] = stages
  if (train === undefined || evaluate === undefined) throw new Error('it has not two stages')
  return { train, evaluate }
}
