/**
 * A preset of a stage: plain data that fills in what a stage leaves out. Kubernetes itself expands `$(NAME)` of its command from
 * the container's variables.
 */
export interface Preset {
  /** What such a stage does, as the beginning of a sentence. */
  title: string
  /** Whether it begins from a model, which the stage must name. */
  needsModel: boolean
  /** Whether it measures what others made, and makes nothing that could be registered. */
  measures?: true
  /** Whether it leaves reports of drift in the place that its variable `REPORTS` names. */
  reports?: true
  /** Whether its command reads and writes the folders of `signalbox-run`, so that it needs that before it. */
  needsRunner?: true
  /** Whether its program loads whole weights, and no adapter. */
  whole?: true
  /** Whether it works without GPUs, too. What its image runs by itself nobody here knows, and it may. */
  withoutGpus?: true
  /** The variable that names a server to be asked in place of weights: with it the program works without GPUs, too. */
  asks?: string
  /** Null: the image's own. */
  command: readonly string[] | null
  /** The same of a stage on several nodes; left out: it is the same. */
  overNodes?: readonly string[]
  /** Variables of the container, before the stage's own. */
  env: Readonly<Record<string, string>>
}

/** A script of the images in images/, which finds its inputs by itself. */
const ofTools = (title: string, script: string, env: Preset['env']): Preset => ({
  title,
  needsModel: false,
  needsRunner: true,
  command: ['python3', `/opt/signalbox/${script}.py`],
  env,
})

/** Told to hang for no longer than the process group's time-out, and to say in the log where it hung. */
const NCCL: Preset['env'] = {
  TORCH_NCCL_ASYNC_ERROR_HANDLING: '1',
  TORCH_NCCL_TRACE_BUFFER_SIZE: '20000',
  TORCH_NCCL_DUMP_ON_TIMEOUT: '1',
  NCCL_DEBUG: 'INFO',
  PYTORCH_CUDA_ALLOC_CONF: 'expandable_segments:True',
}

/** Once per GPU of one node, or of each of several; the image has a `train.py`. */
const TORCHRUN: Pick<Preset, 'command' | 'overNodes'> = {
  command: ['torchrun', '--standalone', '--nproc-per-node=$(GPUS)', 'train.py'],
  overNodes: [
    ...['torchrun', '--nnodes=$(NNODES)', '--node-rank=$(NODE_RANK)', '--nproc-per-node=$(GPUS)'],
    ...['--master-addr=$(MASTER_ADDR)', '--master-port=$(MASTER_PORT)', 'train.py'],
  ],
}

/**
 * All presets by name, each with its revisions, the first first. A lane keeps the revision that it was made with until somebody wants
 * a change (law 15): a revision is never edited and never taken away, a better one is added after it.
 */
export const PRESETS = {
  'fine-tune': [
    {
      title: 'Fine-tune',
      needsModel: true,
      ...TORCHRUN,
      env: { METHOD: 'lora', ...NCCL },
    },
  ],
  'pre-train': [{ title: 'Pre-train', needsModel: false, ...TORCHRUN, env: NCCL }],
  evaluate: [{ title: 'Evaluate', needsModel: false, measures: true, withoutGpus: true, command: null, env: {} }],
  preprocess: [{ ...ofTools('Preprocess', 'preprocess', { TEST_FRACTION: '0.02' }), withoutGpus: true }],
  // The base that an adapter was trained on: nothing else tells it from one of another.
  merge: [{ ...ofTools('Merge', 'merge', {}), needsModel: true, withoutGpus: true }],
  quantize: [{ ...ofTools('Quantize', 'quantize', { SCHEME: 'FP8' }), whole: true }],
  benchmark: [{ ...ofTools('Benchmark', 'evaluate', {}), measures: true, whole: true, asks: 'TARGET_URL' }],
  scan: [
    {
      ...ofTools('Scan', 'scan', { KINDS: 'jailbreak,injection,leakage,toxicity', GENERATIONS: '5' }),
      measures: true,
      whole: true,
      asks: 'TARGET_URL',
    },
  ],
  'drift-monitor': [
    // Its report, once it is one, is heard of as any that lies below `drift.reports` of a service.
    {
      ...ofTools('Measure drift', 'drift', { DRIFT_SHARE: '0.5' }),
      ...{ measures: true, reports: true, withoutGpus: true },
    },
  ],
  'batch-infer': [
    {
      title: 'Infer in a batch',
      needsModel: false,
      whole: true,
      needsRunner: true,
      command: [
        ...['vllm', 'run-batch', '-i', '$(REQUESTS)', '-o', '/signalbox/out/answers.jsonl'],
        ...['--model', '$(MODEL)', '--served-model-name', '$(SERVED_MODEL)', '--tensor-parallel-size', '$(GPUS)'],
      ],
      env: { REQUESTS: '/signalbox/in/dataset/requests.jsonl', MODEL: '/signalbox/in/model', SERVED_MODEL: 'model' },
    },
  ],
} satisfies Presets

/** Presets by name, each with its revisions. */
export type Presets = Readonly<Record<string, readonly [Preset, ...Preset[]]>>

/** The revision that a lane is made with today. */
export const newest = (name: string, presets: Presets = PRESETS): Preset => presetOf(name, undefined, presets)

/** A revision of a preset, counted from 1; the newest where none is given. Throws for a name or a revision that there never was. */
export const presetOf = (name: string, revision?: number, presets: Presets = PRESETS): Preset => {
  const revisions = Object.hasOwn(presets, name) ? (presets[name] ?? []) : []
  const preset = revisions[(revision ?? revisions.length) - 1]
  if (preset === undefined) throw new Error(`there is no revision ${revision ?? ''} of the preset ${name}`)
  return preset
}

/** The revision of each that something new is made with. */
export const revisionsOf = (names: readonly string[], presets: Presets = PRESETS): Record<string, number> =>
  Object.fromEntries(names.map((name) => [name, presets[name]?.length ?? 0]))
