import { concernedBy } from '../core/capacity.ts'
import type { CapacityWarned } from '../events/contract.ts'
import { type Left, type LetterPorts, leaveWarned } from './letters.ts'
import { everyRow, readRow, valuesOf } from './rows.ts'

/**
 * Leaves word with every lane that has something on what EC2 warns of, as the meter saw it a minute ago at most. Of another's instance
 * nothing is written. Neither cluster nor policy is asked.
 */
export const leaveWarnings = async (ports: LetterPorts, event: CapacityWarned): Promise<Left[]> => {
  const { ledger } = ports
  const rows =
    event.instance === null
      ? valuesOf(await everyRow(ledger, 'instance'))
      : [await readRow(ledger, 'instance', event.instance)].flatMap((row) => row?.value ?? [])
  return Promise.all(concernedBy(event, rows).map(({ lane, on }) => leaveWarned(ports, { event, lane, on })))
}
