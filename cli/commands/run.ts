import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { kindOf, laneKinds } from '../../core/lane-kinds/catalogue.ts'
import { laneOf } from '../../core/lane-kinds/kind.ts'
import { pipeline } from '../../core/lane-kinds/pipeline.ts'
import type { SetOf } from '../../events/occasions.ts'
import { EXIT, Explained, type Output, type Where } from '../output.ts'
import { command } from './act.ts'
import { addOfMoney } from './lift.ts'

interface RunFlags extends Where {
  by: string
  set: string[]
  id?: string
}

type Add = (name: string, about: string) => Command
type Done = (code: number) => void

/** What people ask for besides what comes by itself: runs, leases, and that a rung is lifted. */
export const addAsked = (add: Add, output: Output, done: Done): void => {
  addRun(add, output, done)
  addOfMoney(add, output, done)
}

const addRun = (add: Add, output: Output, done: Done): Command =>
  add(
    'run <pipeline>',
    'run a pipeline by hand, on the newest dataset version where it has datasets: priced and asked about like the rest',
  )
    .option(
      '--set <stage.what=value>',
      'for this run alone: `train.args="--lr 1e-4"` (or a JSON list), `train.env.EPOCHS=3`; as often as you like',
      (text: string, all: string[]) => [...all, text],
      [],
    )
    .option('--id <id>', 'of your request: said again with it, nothing more begins')
    .option('--by <name>', 'who you are', userInfo().username)
    .action(async (name: string, flags: RunFlags) => done(await run(name, flags, output)))

/** Asks for a run; says what it came to. */
export const run = (name: string, { by, set, id, ...where }: RunFlags, output: Output): Promise<number> => {
  const lane = kindOf(laneKinds, name) === undefined ? laneOf(pipeline, name) : name
  return command({ kind: 'run', lane, by, id, set: setOf(set) }, where, output)
}

/** What is set, by stage. Whether the policy takes it, the lane says. */
export const setOf = (texts: readonly string[]): SetOf => {
  const all = new Map<string, { args?: string[]; env?: Record<string, string> }>()
  for (const text of texts) {
    const [, stage = '', what, variable, value = ''] = /^([^.=]+)\.(args|env\.([^.=]+))=(.*)$/su.exec(text) ?? []
    if (what === undefined)
      throw new Explained(`--set is STAGE.args=… or STAGE.env.NAME=…, not ${JSON.stringify(text)}`, EXIT.usage)
    const { args, env = {} } = all.get(stage) ?? {}
    if (variable === undefined ? args !== undefined : Object.hasOwn(env, variable))
      throw new Explained(`--set says ${stage}.${what} twice: say it once`, EXIT.usage)
    const said = variable === undefined ? { args: wordsOf(value) } : { env: { ...env, [variable]: value } }
    all.set(stage, { ...all.get(stage), ...said })
  }
  return Object.fromEntries(all)
}

/** Words between spaces; what has a space in it is said in a JSON list. */
const wordsOf = (text: string): string[] => {
  if (!text.trimStart().startsWith('[')) return text.split(/\s+/u).filter((word) => word !== '')
  const said = jsonOf(text)
  if (!Array.isArray(said) || !said.every((word) => typeof word === 'string'))
    throw new Explained(`${JSON.stringify(text)} is no JSON list of texts: say ["--lr", "1e-4"]`, EXIT.usage)
  return said
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
