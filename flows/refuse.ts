import type { Refusal } from '../core/reasons.ts'
import { said } from '../core/text.ts'
import type { Ports } from './ports.ts'

/** Longest text of what strangers sent. Characters. */
const LONGEST = 500

/** Writes down and counts an input that is not an event (law 11). `source` says where it came from. */
export const refuseInput = async (
  { ledger, clock }: Pick<Ports, 'ledger' | 'clock'>,
  { source, reason, detail }: { source: string; reason: Refusal; detail: string },
): Promise<void> => {
  await ledger.commit([
    {
      moment: {
        at: clock.now(),
        lane: '-',
        generation: null,
        attempt: null,
        kind: 'event',
        text: said(`refused: ${source}: ${detail}`, LONGEST),
        data: { became: 'refused', reason, event: source },
      },
    },
    { count: `refused:${reason}`, by: 1 },
  ])
}

/** Counts what nobody has proven to have sent: strangers must not be able to write a line each time that they knock. */
export const countUnproven = async ({ ledger }: Pick<Ports, 'ledger'>, reason: Refusal): Promise<void> => {
  await ledger.commit([{ count: `refused:${reason}`, by: 1 }])
}
