import { printable, quoted } from '../core/text.ts'
import type { Output } from './output.ts'

/** The folder unless told. */
export const DATA = '.signalbox'

/** The policy's file unless told. */
export const CONFIG = 'signalbox.config.ts'

/** Which product a command that is printed is to reach: that which the command reached that prints it. */
export interface Reached {
  data?: string | undefined
  config?: string | undefined
  aws?: string | undefined
}

/** A command between backticks, as texts of the product name it: they know neither the folder nor how it was installed. */
const NAMED = /`(?:npx )?signalbox ([a-z]+)((?: [^`]*)?)`/g

/** Commands that are about a cluster, or about this machine alone. */
const NOWHERE: ReadonlySet<string> = new Set(['bootstrap', 'adopt', 'pin', 'prices', 'contracts', 'schema', 'tour'])
/** Commands that read the policy's file, whatever they reach. */
const READING: ReadonlySet<string> = new Set(['start', 'tour', 'doctor', 'pin', 'prices', 'bootstrap', 'adopt'])
/** Commands that reach what is deployed too: the policy's file says what that is called. */
const REACHING: ReadonlySet<string> = new Set([
  'plans',
  'budgets',
  'spend',
  'trace',
  'why',
  'freeze',
  'thaw',
  'retry',
  'cancel',
  'lease',
  'lift',
  'doctor',
])

/** A text whose commands can be typed as they stand there: by `npx`, and for the same folder or installation. */
export const asTyped = (text: string, { data = DATA, aws, config = CONFIG }: Reached): string =>
  text.replace(NAMED, (_, name: string, rest: string) => {
    const said = / --(data|aws)\b/.test(rest) || NOWHERE.has(name)
    const local = data === DATA ? '' : ` --data ${quoted(data)}`
    const where = aws === undefined ? local : REACHING.has(name) ? ` --aws ${aws}` : ''
    const reads = READING.has(name) || (aws !== undefined && REACHING.has(name))
    const by = config === CONFIG || !reads || / --config\b/.test(rest) ? '' : ` --config ${quoted(config)}`
    return `\`npx signalbox ${name}${rest}${by}${said ? '' : where}\``
  })

/** What is printed for programs though nobody asks for JSON: a schema, or a list for kubectl. */
const IS_DATA = /^\s*[[{]/

/** The same output, with commands as they are to be typed; JSON stays as it is. `reached` is known once the options are read. */
export const typedOutput = (output: Output, reached: () => Reached): Output => {
  const typed: Output = {
    json: output.json,
    out: (text) => output.out(typed.json || IS_DATA.test(text) ? text : asTyped(text, reached())),
    err: (text) => output.err(asTyped(text, reached())),
  }
  return typed
}

/** Where commands of a person write. */
export const terminal = (): Output => ({
  out: (text) => process.stdout.write(`${printable(text)}\n`),
  err: (text) => process.stderr.write(`${printable(text)}\n`),
  json: false,
})
