import type { IntendingEvent } from './contract.ts'

/** What a person sets otherwise than the policy says it, by the names of stages: it holds for one run. */
export type SetOf = Readonly<
  Record<string, { args?: readonly string[] | undefined; env?: Readonly<Record<string, string>> | undefined }>
>

/** Whether nothing is set. */
export const isNothingSet = (set: SetOf): boolean => Object.keys(set).length === 0

/** Ours: somebody asks for a run of a pipeline. */
export interface RunAsked extends IntendingEvent {
  type: 'run-asked'
  /** The request's own: said again it is the same request. */
  id: string
  /** Name of the pipeline's lane. */
  pipeline: string
  /** Who asks, as they say: a claim. */
  by: string
  set: SetOf
}

/** Ours: the time of a pipeline has come. Which one that is by now, its schedule says. */
export interface ScheduleDue extends IntendingEvent {
  type: 'schedule-due'
  /** Name of the pipeline's lane. */
  pipeline: string
  slot: number
}
