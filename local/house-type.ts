import type { Card } from '../core/cards.ts'
import type { Seen } from '../core/lane/letters.ts'
import type { Plan } from '../core/plan.ts'
import type { SetOf } from '../events/occasions.ts'
import type { Ports } from '../flows/ports.ts'
import type { Why } from '../flows/why.ts'
import type { ImaginedObject } from './objects/imagined-objects.ts'

export interface Became {
  contract: string | null
  lane: string | null
  /** `unanswered`: it is written down, and nobody could look yet. */
  kind: 'intended' | 'ignored' | 'waiting' | 'refused' | 'recorded' | 'unanswered'
  reason: string | null
  detail: string
}

/** An HTTP request as it came: the body's raw bytes, header names in lower case. */
export interface RawRequest {
  headers: Record<string, string>
  body: Uint8Array
}

export interface RawAnswer {
  status: number
  body: Record<string, unknown>
}

/** The product on one machine: ports, doors and time, made by `local/house.ts`. What the page and the routes talk to. */
export interface House {
  ports: Ports
  /** Where the data is, null when it is in memory. */
  dataDir: string | null
  /** One EventBridge event through the local bus to the doors whose pattern it matches. Never throws for bad input. */
  deliver(event: unknown): Promise<Became>
  /** A message of SNS about a budget, to the door of notices. Never throws for bad input. */
  notice(message: unknown): Promise<Became>
  /** The webhook doors, as API Gateway would call them. */
  webhook(route: 'mlflow' | 'slack' | 'commands' | 'alerts', request: RawRequest): Promise<RawAnswer>
  /** The model registry's REST API: a path below `/api/2.0/mlflow/`, its query or its body. */
  mlflow(method: string, path: string, input: Record<string, unknown>): Promise<RawAnswer>
  /** A press of a local button: signed and sent through the Slack door, like a real one. `by` is `TEAM/USER`. */
  answer(
    question: string,
    answer: { by: string; verdict: 'approve' | 'deny'; reason: string | null },
  ): Promise<RawAnswer>
  /** What a person may ask of a lane. Answers what was done, or why not. */
  command(command: Command): Promise<{ ok: boolean; detail: string }>
  /** Why a lane is where it is, in one sentence. */
  why(lane: string): Promise<Why>
  /** What would happen on this event, were these objects there too: priced, no effect. */
  planOnPaper(
    event: unknown,
    imagined?: readonly ImaginedObject[],
  ): Promise<{ became: Became; plan: Plan | null; text: string }>
  /** Called after anything visible may have changed; answers the way to stop. */
  onChange(listener: () => void): () => void
  /** Cards as the chat shows them, newest first: the last of them, and whatever asks. */
  cards(): Promise<PostedCard[]>
  /** Local secrets, for `doctor` and for signing test deliveries. */
  secrets(): Promise<{ mlflow: string; alerts: string; slack: string; token: string }>
  /** Stops timers and closes files. */
  close(): Promise<void>
}

/** `saw`: what the person was shown, and nothing that came later; without it, what stands there when it arrives. */
export type Command =
  /** `from`: the first stage that is done again. */
  | { kind: 'retry'; lane: string; by: string; saw?: Seen | undefined; from?: string | undefined }
  /** `wanted`: what waits behind the run, not the run. */
  | { kind: 'cancel'; lane: string; by: string; saw?: Seen | undefined; wanted?: boolean | undefined }
  /** `gpus` to take, until when; more milliseconds for one that runs; or its end. `of`: which one, where there are several. */
  | {
      kind: 'lease'
      lane: string
      by: string
      does: 'take' | 'extend' | 'end'
      gpus?: number | undefined
      until?: number | undefined
      more?: number | undefined
      of?: string | undefined
    }
  /** A run of a pipeline. `id`: the request's own, so that it may be said again; left out: it is another one. */
  | { kind: 'run'; lane: string; by: string; id?: string | undefined; set?: SetOf | undefined }
  /** A rung of the budget, by its name in the ladder. */
  | { kind: 'lift'; rung: string; by: string; why: string }
  | { kind: 'freeze'; lane: string; until: number; by: string }
  | { kind: 'thaw'; lane: string; by: string }

export interface PostedCard {
  channel: string
  ts: string
  key: string
  at: number
  card: Card
}
