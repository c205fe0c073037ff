import { userInfo } from 'node:os'
import type { Command as Commander } from 'commander'
import { EXIT, Explained, type Output, type Where } from '../output.ts'
import { command } from './act.ts'
import { LEASES, leasing } from './lease.ts'

const LIFTS =
  'nobody keeps to a rung of the budget’s ladder until the month turns: `lift no-new-runs --why "…"`; people are asked about it'

type Flags = Where & { by: string; why: string }

const lifting = (adding: Commander, output: Output, done: (code: number) => void): Commander =>
  adding
    .requiredOption('--why <text>', 'why, in your words: whoever is asked reads it')
    .option('--by <name>', 'who you are', userInfo().username)
    .action(async (rung: string, { by, why, ...where }: Flags) =>
      done(await command({ kind: 'lift', rung, by, why: saidWhy(why) }, where, output)),
    )

/** What an empty text would say to whoever is asked. */
const saidWhy = (why: string): string => {
  const text = why.trim()
  if (text === '')
    throw new Explained('--why is empty: say why in your words, since whoever is asked reads it', EXIT.usage)
  if (text.length > LONGEST)
    throw new Explained(`--why has ${text.length} characters: say it in ${LONGEST} at most`, EXIT.usage)
  return text
}

/** Characters of a reason. */
const LONGEST = 1000

/** What people say of a pool's ceiling and of a budget's ladder. */
export const addOfMoney = (
  add: (name: string, about: string) => Commander,
  output: Output,
  done: (code: number) => void,
): void => {
  leasing(add('lease [pool] [gpus]', LEASES), output, done)
  lifting(add('lift <rung>', LIFTS), output, done)
}
