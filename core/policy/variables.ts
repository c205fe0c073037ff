/** Variables that every stage is told by us: a program finds its inputs and the place of its result by them. */
const OURS: ReadonlySet<string> = new Set([
  'RESULTS_URI',
  'JOB_NAME',
  'POD_NAME',
  'INPUT_URI',
  'INPUT_MANIFEST',
  'INPUT_SHA256',
  'GPUS',
  'BASE_MODEL',
])

/** Whether a variable is ours to set. */
export const isOurs = (name: string): boolean => name.startsWith('SIGNALBOX_') || OURS.has(name)

/** The beginning of the variables that say what an earlier stage has made: `TRAIN` of `TRAIN_URI`. */
export const prefixOf = (stage: string): string => stage.toUpperCase().replaceAll('-', '_')

/** The variables that say what an earlier stage has made. */
export const variablesOf = (stage: string): string[] =>
  ['JOB', 'RESULT_URI', 'URI', 'PIN'].map((what) => `${prefixOf(stage)}_${what}`)
