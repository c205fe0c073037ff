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

/** A version of a registered model was made, or a tag was set on one. Which pipelines that begins the policy says, and what is there the registry. */
export interface VersionChanged extends IntendingEvent {
  type: 'version-changed'
  model: string
  /** A decimal number; null: nobody told of one, and the newest is looked for. */
  version: string | null
  /** Key of the tag that was set; null: the version is new. */
  tag: string | null
  /** Whose webhook told of it, where the registry has workspaces. */
  workspace?: string
  /** Name of the lane of the pipeline that it is for; left out: for each that such versions begin. */
  pipeline?: string
}

/** Ours: the time of a pipeline has come. Which one that is by now, its schedule says. */
export interface ScheduleDue extends IntendingEvent {
  type: 'schedule-due'
  /** Name of the pipeline's lane. */
  pipeline: string
  slot: number
}
