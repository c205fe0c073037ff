import type { Refusal } from '../core/reasons.ts'
import type { Ports } from '../flows/ports.ts'
import { countUnproven, refuseInput } from '../flows/refuse.ts'
import { type HttpAnswer, json } from './http.ts'

interface Refused {
  reason: Refusal
  detail: string
}

const answer = (status: number, { reason, detail }: Refused): HttpAnswer => json(status, { refused: reason, detail })

/** Answers who has proven themselves and sent what is no event of ours: written down, and counted. `source`: the door. */
export const refused = async (
  ports: Pick<Ports, 'ledger' | 'clock'>,
  { source, status }: { source: string; status: number },
  why: Refused,
): Promise<HttpAnswer> => {
  await refuseInput(ports, { source, ...why })
  return answer(status, why)
}

/** Answers who has not: before a signature fits nothing is written but a number. */
export const unproven = async (ports: Pick<Ports, 'ledger'>, status: number, why: Refused): Promise<HttpAnswer> => {
  await countUnproven(ports, why.reason)
  return answer(status, why)
}
