import { DatabaseSync } from 'node:sqlite'
import { openLedger } from '../../local/ledger/sqlite-ledger.ts'
import { lane } from '../../scripts/lane.ts'
import { linesOf, playHolders } from '../faults/holders.ts'
import { seeded } from '../real/proxy.ts'

const RUNS = 10_000

/** 10,000 runs in flight on one pool and one budget, whose transactions meet each other: with room for all, and for a quarter. */
await lane(async (check) => {
  for (const room of [RUNS, RUNS / 4])
    await check(`${RUNS} runs, and room for ${room}: all come to their end, in order`, async () => {
      const counted = await playHolders(openLedger(new DatabaseSync(':memory:')), {
        runs: RUNS,
        room,
        random: seeded(7),
      })
      for (const line of linesOf(counted)) console.log(line)
      const wrong = [
        ...Object.entries(counted.left).flatMap(([name, n]) => (n === 0 ? [] : [`${n} are left in ${name}`])),
        ...Object.keys(counted.lost).flatMap((kind) =>
          kind === 'sum' ? [] : [`a compare-and-set was lost at a ${kind}`],
        ),
        ...(counted.overtaken > 0 ? [`${counted.overtaken} were overtaken`] : []),
        ...(counted.reads > 5 ? [`somebody read ${counted.reads} times`] : []),
        ...(counted.largest.bytes > 32 * 1024 ? [`a row has ${counted.largest.bytes} bytes`] : []),
        ...(counted.granted === RUNS - room ? [] : [`${counted.granted} were granted`]),
      ]
      if (wrong.length > 0) throw new Error(wrong.join('; '))
    })
})
