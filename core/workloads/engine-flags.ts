import type { ServicePolicy } from '../policy.ts'
import { said } from '../text.ts'

/** Longest piece of an argument that is repeated. */
const SHOWN = 60

const ALL_GPUS = 'a replica’s GPUs are used tensor parallel, all of them: say `gpusPerReplica`, and leave it out here'
const ONE_NODE =
  'a replica has the GPUs of one node, and would wait for others: say `gpusPerReplica`, and leave it out here'
const PLAIN = 'its gate, its probes and its Services ask in plain HTTP: leave it out'
const ENDS = 'it would say so much and end: leave it out'
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
  'data-parallel-size-local': ALL_GPUS,
  dpl: ALL_GPUS,
  'prefill-context-parallel-size': ALL_GPUS,
  pcp: ALL_GPUS,
  nnodes: ONE_NODE,
  'node-rank': ONE_NODE,
  headless: 'it would answer nothing: leave it out',
  uds: 'it is asked on a port: leave it out',
  'ssl-keyfile': PLAIN,
  'ssl-certfile': PLAIN,
  'ssl-ca-certs': PLAIN,
  'ssl-cert-reqs': PLAIN,
  'ssl-ciphers': PLAIN,
  'enable-ssl-refresh': PLAIN,
  'api-key':
    'whoever reads a card would know it, and its gate brings none: leave it out, and say by a NetworkPolicy who may reach it',
  help: ENDS,
  h: ENDS,
  version: ENDS,
  v: ENDS,
  port: 'it is asked on a port of ours: leave it out',
  'served-model-name': 'it is served by the name of its model: leave it out',
  model: WHICH,
  revision: WHICH,
  'tokenizer-revision': WHICH,
  'shutdown-timeout': 'how long it has for requests in flight is ours: leave it out',
  config: 'what stands in that file is neither judged nor shown: write its flags here',
  'weight-transfer-config': 'its weights would be changed while it serves: leave it out',
}

const IN_IMAGE = /^\//
const LOADED =
  'it would be loaded from elsewhere than the card says, and as it is there when each replica starts: name a folder of its image, `/…`, or leave it out'
const WITH_IT =
  'it belongs to the weights, and comes with them as they are approved: leave it out, or name a folder of its image, `/…`'
const SPECULATES: Loads = { free: { model: /^(\/|ngram|suffix$)/ }, why: LOADED }

/** What a flag may be told, by the key of its JSON; `''` is a value as it is. Of the image nobody can say that it changes. */
interface Loads {
  free: Readonly<Record<string, RegExp>>
  why: string
}

/** Flags of vLLM that name what else is loaded, from wherever that lies, or where it listens. */
const LOADS: Readonly<Record<string, Loads>> = {
  host: {
    free: { '': /^(0\.0\.0\.0|::)$/ },
    why: 'its gate, its probes and its Services ask at the address of its pod: leave it out',
  },
  tokenizer: { free: { '': IN_IMAGE }, why: WITH_IT },
  'hf-config-path': { free: { '': IN_IMAGE }, why: WITH_IT },
  'generation-config': { free: { '': /^(auto$|vllm$|\/)/ }, why: WITH_IT },
  'code-revision': {
    free: { '': /^[0-9a-f]{40}$/ },
    why: 'a branch or a tag is moved: write a whole commit, or leave it out',
  },
  'lora-modules': { free: { '': /^[^={]*=\//, path: IN_IMAGE }, why: LOADED },
  'default-mm-loras': { free: { '*': IN_IMAGE }, why: LOADED },
  'speculative-config': SPECULATES,
  sc: SPECULATES,
  'spec-model': { free: { '': IN_IMAGE }, why: LOADED },
  'model-loader-extra-config': { free: { tensorizer_uri: IN_IMAGE, tensorizer_dir: IN_IMAGE }, why: LOADED },
}

/** Flags of vLLM that take no value: what stands after one is nobody's. */
const BARE =
  /^--(no-.*|enforce-eager|trust-remote-code|enable-(prefix-caching|lora|auto-tool-choice|expert-parallel|sleep-mode))$/

const NOBODYS =
  'it is no flag’s value, and a model is what vLLM would take it for: write it after its flag, or leave it out'

/** Arguments of a service that would make its engine do other than what its plan says, or not begin at all. */
export const engineFlagWrongs = ({ args }: Pick<ServicePolicy, 'args'>): { at: number; why: string }[] =>
  args.flatMap((one, at) => {
    const why = isFlag(one) ? flagWrong(one, valuesAfter(args, at)) : isValue(args, at) ? null : NOBODYS
    return why === null ? [] : [{ at, why: `found \`${said(one.split('=')[0] ?? '', SHOWN)}\`: ${why}` }]
  })

/** Numbers below zero are values. */
const isFlag = (one: string): boolean => /^\s*--?([A-Za-z]|$)/.test(one)

const flagWrong = (one: string, after: string[]): string | null => {
  const [, dashes = '', name = ''] = /^\s*(--?)([^=.\s]*)/.exec(one) ?? []
  const flag = flagNamed(dashes, name.replaceAll('_', '-'))
  const wrong = flag === null ? null : (SAID[flag] ?? loadsWrong(LOADS[flag], toldIn(one, after)))
  if (wrong !== null) return flag === name.replaceAll('_', '-') ? wrong : `vLLM reads \`${flag}\`: ${wrong}`
  if (name === '') return 'vLLM reads nothing that follows it: leave it out'
  if (/^load[-_]format$/.test(name) && (one.endsWith('=dummy') || after[0] === 'dummy'))
    return 'it serves no weights at all: leave it out'
  return /^[^=]*\s/.test(one) ? spaced(one) : null
}

/** By its whole name, or by the beginning of one, which vLLM completes. */
const flagNamed = (dashes: string, name: string): string | null => {
  const known = [...Object.keys(SAID), ...Object.keys(LOADS)]
  if (name === '' || known.includes(name)) return name === '' ? null : name
  const isShort = (one: string): boolean => one.length === 2
  return known.find((one) => isShort(one) === (dashes === '-') && one.startsWith(name)) ?? null
}

const loadsWrong = (loads: Loads | undefined, told: [string, string][]): string | null => {
  if (loads === undefined) return null
  const wrong = told.find(([key, value]) => (loads.free[key] ?? loads.free['*'])?.test(value) === false)
  return wrong === undefined ? null : `\`${said(wrong[1], SHOWN)}\`: ${loads.why}`
}

const valuesAfter = (args: readonly string[], at: number): string[] => {
  const after = args.slice(at + 1)
  const end = after.findIndex(isFlag)
  return end < 0 ? after : after.slice(0, end)
}

/** What a flag is told: its values, those of their JSON by key; or the one that a dotted flag names. */
const toldIn = (one: string, after: string[]): [string, string][] => {
  const [, key = '', value] = /^[^=.]*(?:\.([^=]*))?(?:=(.*))?$/s.exec(one) ?? []
  return (value === undefined ? after : [value]).flatMap((text) => leavesOf(key.split('.').at(-1) ?? '', text))
}

const leavesOf = (key: string, text: string): [string, string][] => {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null)
      return Object.entries(value).flatMap(([inner, part]) =>
        leavesOf(inner, typeof part === 'string' ? part : JSON.stringify(part)),
      )
  } catch {
    // What is no JSON is a value as it stands.
  }
  return [[key, text]]
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
