import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { Command, CommanderError, Option } from 'commander'
import { PolicyError } from '../core/policy.ts'
import { givenSecrets } from '../local/main.ts'
import { answer, command, freeze, plan, retryOrCancel } from './commands/act.ts'
import { type AdoptFlags, adopt } from './commands/adopt.ts'
import { addBootstrap } from './commands/bootstrap.ts'
import { budgets } from './commands/budgets.ts'
import { listContracts } from './commands/contracts.ts'
import { doctor } from './commands/doctor.ts'
import type { Outside } from './commands/doctor-outside.ts'
import { emit } from './commands/emit.ts'
import { addImages } from './commands/images.ts'
import { addPin } from './commands/pin.ts'
import { addPrices } from './commands/prices.ts'
import { plans, trace } from './commands/read.ts'
import { addAsked } from './commands/run.ts'
import { printSchema } from './commands/schema.ts'
import { addSpend } from './commands/spend.ts'
import { type StartFlags, start } from './commands/start.ts'
import { tour } from './commands/tour.ts'
import { why } from './commands/why.ts'
import { EXIT, Explained, type Output, type Where } from './output.ts'
import { CONFIG, DATA, type Reached, terminal, typedOutput } from './typed.ts'

const EXITS = `
A lane is \`pipeline/NAME\`, \`service/NAME\`, \`pool/NAME\` or \`budget/NAME\`, as in the policy; \`signalbox plans\` lists them.
Exit codes: 0 done · 1 refused or failed · 2 wrong usage · 3 no product runs on the data folder · 130 interrupted`

/** Runs one command; answers its exit code. Never throws for what a person can mend. */
export const main = async (argv: string[], to: Output = terminal()): Promise<number> => {
  let exit: number = EXIT.ok
  let reached: Reached = {}
  const output = typedOutput(to, () => reached)
  const program = programOf(output, (code) => {
    exit = code
  }).hook('preAction', (_, self) => {
    reached = self.opts()
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exit
  } catch (error) {
    const mended = mendable(error)
    if (mended === null) throw error
    const { code, detail, isSaid } = mended
    if (!isSaid) output.err(`signalbox: ${detail}`)
    // What is wrong with the options is found before it is known that there is a --json among them.
    if (code !== EXIT.ok && (output.json || argv.includes('--json')))
      output.out(JSON.stringify({ error: { exit: code, detail } }, null, 2))
    return code
  }
}

/** What a person can mend: its exit code, what it says, and whether it was said already; null for anything else. */
const mendable = (error: unknown): { code: number; detail: string; isSaid: boolean } | null => {
  if (error instanceof CommanderError)
    return { code: error.exitCode === 0 ? EXIT.ok : EXIT.usage, detail: error.message, isSaid: true }
  if (error instanceof Explained) return { code: error.exit, detail: error.message, isSaid: false }
  return error instanceof PolicyError ? { code: EXIT.failed, detail: error.message, isSaid: false } : null
}

const version = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version

const programOf = (output: Output, done: (code: number) => void): Command => {
  const program = new Command('signalbox')
    .description('One explained, priced plan for every machine-learning event, carried out exactly once.')
    .version(version())
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.out(text.trimEnd()), writeErr: (text) => output.err(text.trimEnd()) })
    .addHelpText('after', EXITS)
  const add = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--data <dir>', 'folder of the ledger and the buckets', DATA)
      .option('--json', 'print JSON')
      .exitOverride()
      .addHelpText('after', EXITS)
      .hook('preAction', (self) => {
        output.json = self.opts()['json'] === true
      })
  addProduct(add, output, done)
  addBootstrap(program.command('bootstrap'), { output, done, exits: EXITS })
  addAdopt(add, output)
  addReading(add, output, done)
  addActing(add, output, done)
  return program
}

type Add = (name: string, description: string) => Command
type Done = (code: number) => void
type Flags = Where & { by: string; reason?: string; until: string; from?: string; wanted?: boolean; saw?: string }

const BY_CONFIG = ['--config <file>', 'the policy', CONFIG] as const

/** A command that reaches what is deployed in AWS too. */
const reaching = (command: Command): Command =>
  command.option('--aws <region>', 'what is deployed in that region, with your credentials').option(...BY_CONFIG)

const addProduct = (add: Add, output: Output, done: Done): void => {
  add('start', 'run the product on this machine')
    .option('--port <n>', 'port on 127.0.0.1; 0 takes any free one', '4680')
    .option(...BY_CONFIG)
    .option('--speed <n>', 'virtual seconds a second: 60 makes a minute of an hour', '1')
    .option('--open', 'open the page in the browser')
    .option('--rig', 'on a real control plane of its own (built once with Go), in place of the simulated cluster')
    .option('--context <name>', 'on a cluster of the kubeconfig; `bootstrap` says what it needs')
    .option('--kubeconfig <file>', 'in place of $KUBECONFIG or ~/.kube/config')
    .option('--mlflow <url>', 'an MLflow in place of the stand-in registry; point its webhook at /webhooks/mlflow')
    .option('--prometheus <url>', 'a Prometheus that is asked whether alerts of drift still fire')
    .option('--namespace <name>', 'in place of both namespaces of the policy')
    .option('--adopt', 'this ledger was moved or restored: it takes the place of the one that its namespaces name')
    .action(async (flags: StartFlags) => done(await start(flags, version(), output)))
  add('tour', 'play the whole story in the terminal, on virtual time')
    .option(...BY_CONFIG)
    .action(async (flags: Flags) => done(await tour(flags, output)))
  addPrices(add, output, done)
  addPin(add, { output, done, dockerConfig: process.env['DOCKER_CONFIG'] })
  addImages(add, { output, done, dockerConfig: process.env['DOCKER_CONFIG'] })
  add('doctor', 'check what the product needs; each finding with its fix')
    .option(...BY_CONFIG)
    .option('--aws <region>', 'also what is deployed in that region, with your credentials')
    .option(
      '--context <name>',
      'also the rights of each door on that cluster, and whether what the policy names is there',
    )
    .option('--kubeconfig <file>', 'in place of $KUBECONFIG or ~/.kube/config')
    .option('--mlflow <url>', 'also the version of an MLflow server')
    .option('--webhook <url>', 'with --mlflow: also whether that MLflow sends its webhooks there')
    .option('--prometheus <url>', 'also what a Prometheus knows of the alerts that the policy names')
    .action(async (flags: Flags & Outside) => done(await doctor({ ...flags, given: givenSecrets() }, output)))
}

const addAdopt = (add: Add, output: Output): void => {
  add('adopt', 'say that the deployed ledger was moved or restored: it takes the place of the one its namespaces name')
    .requiredOption('--aws <region>', 'what is deployed in that region, with your credentials')
    .option('--context <name>', 'its cluster, as a context of the kubeconfig')
    .option('--kubeconfig <file>', 'in place of $KUBECONFIG or ~/.kube/config')
    .option(...BY_CONFIG)
    .action((flags: AdoptFlags) => adopt(flags, output))
}

const addReading = (add: Add, output: Output, done: Done): void => {
  add('contracts', 'list the events that are understood, with their patterns and samples').action(() =>
    listContracts(output),
  )
  add('schema', 'print the JSON schema of the policy').action(() => printSchema(output))
  add('plan <event>', 'what would happen on this event file or sample: priced, no effect').action(
    async (name: string, flags: Flags) => done(await plan(name, flags, output)),
  )
  reaching(add('plans', 'list the plans and what they came to, and what each lane waits for')).action((flags: Flags) =>
    plans(flags, output),
  )
  reaching(
    add(
      'budgets',
      'what runs were reckoned to have spent of the budget this month, what they hold, and what is left; `spend` says what nodes have cost',
    ),
  ).action((flags: Flags) => budgets(flags, output))
  addSpend(reaching(add('spend', 'what nodes have cost this month, and at its end if it goes on so')), output)
  reaching(add('trace <lane|plan>', 'the timeline of a lane (`pipeline/support-chats`), or of one plan')).action(
    (subject: string, flags: Flags) => trace(flags, subject, output),
  )
  reaching(add('why <lane>', 'why a lane is where it is, in one sentence: what it waits for and since when')).action(
    async (lane: string, flags: Flags) => done(await why(flags, lane, output)),
  )
}

const addActing = (add: Add, output: Output, done: Done): void => {
  add('emit <event>', 'send an event file or a sample (`dataset-uploaded/base`) to the running product').action(
    async (name: string, flags: Flags) => done(await emit(name, flags, output)),
  )
  for (const verdict of ['approve', 'deny'] as const) {
    const answering = add(`${verdict} <plan>`, `${verdict} a plan that asks`).option(
      '--by <TEAM/USER>',
      'who you are, as in approvals.approvers',
    )
    // Known only to be refused with the reason.
    answering.addOption(new Option('--aws <region>').hideHelp())
    if (verdict === 'deny') answering.option('--reason <text>', 'why')
    else answering.option('--choice <name>', 'which of its alternatives, by its name or the digest that you saw')
    answering.action(async (id: string, flags: Flags) => done(await answer(verdict, id, { flags, output })))
  }
  addRetryAndCancel(add, output, done)
  reaching(add('freeze [lane]', 'begin nothing new on a lane, or on all of them, until a time; what goes back goes on'))
    .requiredOption('--until <when>', 'a duration (4h) or a time (2026-11-24T18:00Z)')
    .option('--by <name>', 'who you are', userInfo().username)
    .action(async (lane: string | undefined, { by, until, ...where }: Flags) =>
      done(await freeze({ lane: lane ?? '*', until, by }, where, output)),
    )
  addAsked((name, about) => reaching(add(name, about)), output, done)
  reaching(add('thaw [lane]', 'end a freeze: of a lane, or the one of all of them'))
    .option('--by <name>', 'who you are', userInfo().username)
    .action(async (lane: string | undefined, { by, ...where }: Flags) =>
      done(await command({ kind: 'thaw', lane: lane ?? '*', by }, where, output)),
    )
}

const SAW = 'which attempt you saw (g2a1, or idle for nothing): no other is reached; without it, what is there now'

const addRetryAndCancel = (add: Add, output: Output, done: Done): void => {
  reaching(add('retry <lane>', 'another attempt at what the lane wants; after a failure, finished stages are kept'))
    .option(
      '--from <stage>',
      'do this stage again, and all that follow it: one that is finished, or the first that is not',
    )
    .option('--saw <plan>', SAW)
    .option('--by <name>', 'who you are', userInfo().username)
    .action(async (lane: string, { by, from, ...where }: Flags) =>
      done(await retryOrCancel({ kind: 'retry', lane, by, from }, where, output)),
    )
  reaching(
    add('cancel <lane>', 'stop what the lane does; a service goes back to the last version that was judged and stood'),
  )
    .option('--wanted', 'cancel what waits behind the run under way, and let the run go on')
    .option('--saw <plan>', SAW)
    .option('--by <name>', 'who you are', userInfo().username)
    .action(async (lane: string, { by, wanted, ...where }: Flags) =>
      done(await retryOrCancel({ kind: 'cancel', lane, by, wanted }, where, output)),
    )
}

// Started by its own name it does what `signalbox` does, in place of nothing.
if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
