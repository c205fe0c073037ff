import type { ServicePolicy } from '../policy.ts'
import { said } from '../text.ts'

/** Longest piece of an argument that is repeated. */
const SHOWN = 60

const ALL_GPUS = 'a replica’s GPUs are used tensor parallel, all of them: say `gpusPerReplica`, and leave it out here'
const WHICH = 'which weights it serves, the registry says: leave it out'

/** Flags of vLLM that say what the policy says elsewhere or what is ours: further arguments come later, and would win. */
const SAID: Readonly<Record<string, string>> = {
  'max-model-len': 'say `maxModelLen`, which is judged and shown, and leave it out here',
  'tensor-parallel-size': ALL_GPUS,
  tp: ALL_GPUS,
  'pipeline-parallel-size': ALL_GPUS,
  pp: ALL_GPUS,
  'data-parallel-size': ALL_GPUS,
  dp: ALL_GPUS,
  port: 'it is asked on a port of ours: leave it out',
  'served-model-name': 'it is served by the name of its model: leave it out',
  model: WHICH,
  revision: WHICH,
  'tokenizer-revision': WHICH,
  'shutdown-timeout': 'how long it has for requests in flight is ours: leave it out',
  config: 'what stands in that file is neither judged nor shown: write its flags here',
}

/** A flag of its own that begins one of them, which is no short form of it. */
const OTHER: ReadonlySet<string> = new Set(['tokenizer'])

/** Flags of vLLM that take no value: what stands after one is nobody's. */
const BARE =
  /^--(no-.*|enforce-eager|trust-remote-code|enable-(prefix-caching|lora|auto-tool-choice|expert-parallel|sleep-mode))$/

const NOBODYS =
  'it is no flag’s value, and a model is what vLLM would take it for: write it after its flag, or leave it out'

/** Arguments of a service that would make its engine do other than what its plan says, or not begin at all. */
export const engineFlagWrongs = ({ args }: Pick<ServicePolicy, 'args'>): { at: number; why: string }[] =>
  args.flatMap((one, at) => {
    const why = isFlag(one) ? flagWrong(one, args[at + 1]) : isValue(args, at) ? null : NOBODYS
    return why === null ? [] : [{ at, why: `found \`${said(one.split('=')[0] ?? '', SHOWN)}\`: ${why}` }]
  })

/** Numbers below zero are values. */
const isFlag = (one: string): boolean => /^\s*--?([A-Za-z]|$)/.test(one)

const flagWrong = (one: string, next: string | undefined): string | null => {
  const [, dashes = '', name = ''] = /^\s*(--?)([^=.\s]*)/.exec(one) ?? []
  const elsewhere = saidBy(dashes, name.replaceAll('_', '-'))
  if (elsewhere !== null) return elsewhere
  if (name === '') return 'vLLM reads nothing that follows it: leave it out'
  if (/^load[-_]format$/.test(name) && (one.endsWith('=dummy') || next === 'dummy'))
    return 'it serves no weights at all: leave it out'
  return /^[^=]*\s/.test(one) ? spaced(one) : null
}

/** By its whole name, or by the beginning of one, which vLLM completes. */
const saidBy = (dashes: string, name: string): string | null => {
  if (Object.hasOwn(SAID, name)) return SAID[name] ?? null
  const isShort = (one: string): boolean => one.length === 2
  const full = Object.keys(SAID).find((one) => isShort(one) === (dashes === '-') && one.startsWith(name))
  return name === '' || full === undefined || OTHER.has(name) ? null : `vLLM reads \`${full}\`: ${SAID[full]}`
}

const spaced = (one: string): string => {
  const elements = one.trim().split(/\s+(.*)/s, 2)
  return `it is one argument with a space in it, and no flag: write ${elements.map((element) => `'${said(element, SHOWN)}'`).join(', ')}`
}

/** Some flags take several values, so that a second one is nobody's only where it looks like weights. */
const isValue = (args: readonly string[], at: number): boolean => {
  const before = args[at - 1]
  if (before === undefined) return false
  if (isFlag(before)) return !/[=\s]/.test(before) && !BARE.test(before.replaceAll('_', '-')) && before !== '--'
  return isValue(args, at - 1) && !/^([a-z][a-z0-9+.-]*:\/\/|[\w.-]+\/[\w.-]+$)/i.test(args[at] ?? '')
}
