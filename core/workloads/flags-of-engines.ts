import type { EngineName } from './engine-versions.ts'

/** What an engine reads of its arguments that is not for them to say. */
interface Flags {
  /** Its own name. */
  called: string
  /** Flags that say what the policy says elsewhere or what is ours: further arguments come later, and would win. */
  said: Readonly<Record<string, string>>
  /** Flags that name what else is loaded, from wherever that lies, or where it listens. */
  loads: Readonly<Record<string, Loads>>
  /** Flags that take no value: what stands after one is nobody's. */
  bare: RegExp
  /** Why it is nobody's. */
  nobodys: string
}

/** What a flag may be told, by the key of its JSON; `''` is a value as it is. Of the image nobody can say that it changes. */
export interface Loads {
  free: Readonly<Record<string, RegExp>>
  why: string
}

const ALL_GPUS = 'a replica’s GPUs are used tensor parallel, all of them: say `gpusPerReplica`, and leave it out here'
const ONE_NODE =
  'a replica has the GPUs of one node, and would wait for others: say `gpusPerReplica`, and leave it out here'
const PLAIN = 'its gate, its probes and its Services ask in plain HTTP: leave it out'
const LONG = 'say `maxModelLen`, which is judged and shown, and leave it out here'
const PORT = 'it is asked on a port of ours: leave it out'
const NAMED = 'it is served by the name of its model: leave it out'
const KEYED =
  'whoever reads a card would know it, and its gate brings none: leave it out, and say by a NetworkPolicy who may reach it'
const IN_FILE = 'what stands in that file is neither judged nor shown: write its flags here'
const OTHER_WAY = 'its gate, its probes and its Services ask in HTTP: leave it out'
const ENDS = 'it would say so much and end: leave it out'
const WHICH = 'which weights it serves, the registry says: leave it out'

const VLLM_SAID: Readonly<Record<string, string>> = {
  'max-model-len': LONG,
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
  'api-key': KEYED,
  help: ENDS,
  h: ENDS,
  version: ENDS,
  v: ENDS,
  port: PORT,
  'served-model-name': NAMED,
  model: WHICH,
  revision: WHICH,
  'tokenizer-revision': WHICH,
  'shutdown-timeout': 'how long it has for requests in flight is ours: leave it out',
  config: IN_FILE,
  'weight-transfer-config': 'its weights would be changed while it serves: leave it out',
}

const HOST = 'its gate, its probes and its Services ask at the address of its pod: leave it out'
/** Nothing of an image lies in our folder: what is fetched does, and what a registry names may be anything. */
const IN_IMAGE = /^\/(?!(?:\.{0,2}\/)*signalbox(?:\/|$))(?!.*\/\.\.(?:\/|$))/
/** The same, or one of these words. */
const orOf = (...words: string[]): RegExp => new RegExp(`${IN_IMAGE.source}|^(?:${words.join('|')})`)
/** The same after a name, or after one that may be left out. */
const NAMED_IN_IMAGE = new RegExp(`^[^={]*=${IN_IMAGE.source.slice(1)}`)
const AFTER_NAME = new RegExp(`^(?:[^={]*=)?${IN_IMAGE.source.slice(1)}`)
const LOADED =
  'it would be loaded from elsewhere than the card says, and as it is there when each replica starts: name a folder of its image, `/…`, or leave it out'
const WITH_IT =
  'it belongs to the weights, and comes with them as they are approved: leave it out, or name a folder of its image, `/…`'
const SPECULATES: Loads = { free: { model: orOf('ngram', 'suffix$') }, why: LOADED }

const VLLM_LOADS: Readonly<Record<string, Loads>> = {
  host: {
    free: { '': /^(0\.0\.0\.0|::)$/ },
    why: HOST,
  },
  tokenizer: { free: { '': IN_IMAGE }, why: WITH_IT },
  'hf-config-path': { free: { '': IN_IMAGE }, why: WITH_IT },
  'generation-config': { free: { '': orOf('auto$', 'vllm$') }, why: WITH_IT },
  'code-revision': {
    free: { '': /^[0-9a-f]{40}$/ },
    why: 'a branch or a tag is moved: write a whole commit, or leave it out',
  },
  'lora-modules': { free: { '': NAMED_IN_IMAGE, path: IN_IMAGE }, why: LOADED },
  'default-mm-loras': { free: { '*': IN_IMAGE }, why: LOADED },
  'speculative-config': SPECULATES,
  sc: SPECULATES,
  'spec-model': { free: { '': IN_IMAGE }, why: LOADED },
  'model-loader-extra-config': { free: { tensorizer_uri: IN_IMAGE, tensorizer_dir: IN_IMAGE }, why: LOADED },
}

const SGLANG_SAID: Readonly<Record<string, string>> = {
  'context-length': LONG,
  'tp-size': ALL_GPUS,
  'tensor-parallel-size': ALL_GPUS,
  tp: ALL_GPUS,
  'dp-size': ALL_GPUS,
  'data-parallel-size': ALL_GPUS,
  dp: ALL_GPUS,
  'pp-size': ALL_GPUS,
  'pipeline-parallel-size': ALL_GPUS,
  pp: ALL_GPUS,
  nnodes: ONE_NODE,
  'node-rank': ONE_NODE,
  'dist-init-addr': ONE_NODE,
  'disaggregation-mode': 'it would do half of the work: leave it out',
  'model-path': WHICH,
  model: WHICH,
  revision: WHICH,
  port: PORT,
  'served-model-name': NAMED,
  'api-key': KEYED,
  'admin-api-key': KEYED,
  'ssl-keyfile': PLAIN,
  'ssl-certfile': PLAIN,
  'ssl-ca-certs': PLAIN,
  'enable-ssl-refresh': PLAIN,
  'grpc-mode': OTHER_WAY,
  'smg-grpc-mode': OTHER_WAY,
  config: IN_FILE,
  'enable-custom-logit-processor': 'whoever asks could have Python of their own run in it: leave it out',
  help: ENDS,
  h: ENDS,
}

const ANY_ADDRESS: Loads = { free: { '': /^(0\.0\.0\.0|::)$/ }, why: HOST }

const SGLANG_LOADS: Readonly<Record<string, Loads>> = {
  host: ANY_ADDRESS,
  'tokenizer-path': { free: { '': IN_IMAGE }, why: WITH_IT },
  'lora-paths': { free: { '': AFTER_NAME, lora_path: IN_IMAGE }, why: LOADED },
  'speculative-draft-model-path': { free: { '': IN_IMAGE }, why: LOADED },
  'speculative-draft-model': { free: { '': IN_IMAGE }, why: LOADED },
}

const TRTLLM_SAID: Readonly<Record<string, string>> = {
  'max-seq-len': LONG,
  'tp-size': ALL_GPUS,
  'tensor-parallel-size': ALL_GPUS,
  'pp-size': ALL_GPUS,
  'pipeline-parallel-size': ALL_GPUS,
  'cp-size': ALL_GPUS,
  'context-parallel-size': ALL_GPUS,
  'gpus-per-node': ALL_GPUS,
  'server-role': 'it would do a part of the work: leave it out',
  'metadata-server-config-file': IN_FILE,
  'disagg-cluster-uri': 'it would do a part of the work: leave it out',
  revision: WHICH,
  'hf-revision': WHICH,
  port: PORT,
  'served-model-name': NAMED,
  grpc: OTHER_WAY,
  help: ENDS,
}

const TRTLLM_LOADS: Readonly<Record<string, Loads>> = {
  host: ANY_ADDRESS,
  tokenizer: { free: { '': IN_IMAGE }, why: WITH_IT },
  'custom-module-dirs': { free: { '': IN_IMAGE }, why: LOADED },
  // Most of what it may be told stands in such a file alone.
  config: {
    free: { '': IN_IMAGE },
    why: 'what stands in that file is neither judged nor shown: name one of its image, `/…`',
  },
  'extra-llm-api-options': {
    free: { '': IN_IMAGE },
    why: 'what stands in that file is neither judged nor shown: name one of its image, `/…`',
  },
}

const nobodysOf = (called: string): string =>
  `it is no flag’s value, and a model is what ${called} would take it for: write it after its flag, or leave it out`

/** Of each engine, by its name in the policy. */
export const FLAGS: Readonly<Record<EngineName, Flags>> = {
  vllm: {
    called: 'vLLM',
    said: VLLM_SAID,
    loads: VLLM_LOADS,
    bare: /^--(no-.*|enforce-eager|trust-remote-code|enable-(prefix-caching|lora|auto-tool-choice|expert-parallel|sleep-mode))$/,
    nobodys: nobodysOf('vLLM'),
  },
  sglang: {
    called: 'SGLang',
    said: SGLANG_SAID,
    loads: SGLANG_LOADS,
    bare: /^--(trust-remote-code|skip-server-warmup|enable-(metrics|p2p-check|torch-compile|mixed-chunk|lora)|disable-(radix-cache|cuda-graph))$/,
    nobodys: 'it is no flag’s value, and SGLang would not begin: write it after its flag, or leave it out',
  },
  trtllm: {
    called: 'trtllm-serve',
    said: TRTLLM_SAID,
    loads: TRTLLM_LOADS,
    bare: /^--(trust-remote-code|enable-chunked-prefill|enable-attention-dp|fail-fast-on-attention-window-too-large)$/,
    nobodys: nobodysOf('trtllm-serve'),
  },
}
