/** What the script of a preset reads and leaves, as images/ has it: `docs/presets.md` says it in words. */
export interface PresetScript {
  /** Figures that it measures, by the settings that it is told; null: they depend on more than that. */
  figures(settings: Readonly<Record<string, string>>): readonly string[] | null
  /** The one artifact that could be registered, or null where it makes none. */
  makes: 'model' | 'dataset' | null
  /** Settings that it reads. */
  reads: readonly string[]
  /** Settings that it does not begin without. */
  needs?: readonly string[]
  /** Why it would not take them; null: it does. */
  wrong?(settings: Readonly<Record<string, string>>): { setting: string; why: string } | null
}

const KINDS = ['jailbreak', 'injection', 'leakage', 'toxicity'] as const
const SCHEMES = ['FP8', 'GPTQ', 'AWQ'] as const
const SERVER = ['TARGET_URL', 'SERVED_MODEL'] as const

const listed = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

const wrong = (setting: string, text: string, why: string) => ({ setting, why: `found ${text}: ${why}` })

type Settings = Readonly<Record<string, string>>

const wrongDrift = ({ CURRENT, REFERENCE, DRIFT_SHARE = '0.5', MIN_ROWS = '100', MAX_ROWS = '100000' }: Settings) => {
  if (CURRENT !== undefined && CURRENT === REFERENCE)
    return wrong(
      'REFERENCE',
      REFERENCE,
      'that is `CURRENT` too, and a sample never drifts from itself: name the one of before',
    )
  const share = Number(DRIFT_SHARE)
  if (!(share > 0 && share <= 1)) return wrong('DRIFT_SHARE', DRIFT_SHARE, 'write a number above 0, at most 1')
  return Number(MIN_ROWS) > Number(MAX_ROWS)
    ? wrong('MIN_ROWS', MIN_ROWS, `write at most MAX_ROWS, which is ${MAX_ROWS}`)
    : null
}

const wrongKinds = ({ KINDS: said = '' }: Settings) => {
  const other = listed(said).find((one) => !KINDS.some((kind) => kind === one))
  return other === undefined ? null : wrong('KINDS', other, `it is one of ${KINDS.join(', ')}`)
}

const wrongScheme = ({ SCHEME = 'FP8' }: Settings) =>
  SCHEMES.some((one) => one === SCHEME.toUpperCase())
    ? null
    : wrong('SCHEME', SCHEME, `it is one of ${SCHEMES.join(', ')}`)

const wrongFraction = ({ TEST_FRACTION = '0.02' }: Settings) => {
  const fraction = Number(TEST_FRACTION)
  return fraction >= 0 && fraction < 1
    ? null
    : wrong('TEST_FRACTION', TEST_FRACTION, 'write a number from 0 to below 1')
}

/** By preset; one whose program is the user's own is not here. */
export const PRESET_SCRIPTS: Readonly<Record<string, PresetScript>> = {
  preprocess: {
    figures: () => ['train', 'test', 'twice', 'short', 'long'].map((one) => `rows_${one}`),
    makes: 'dataset',
    reads: ['TEST_FRACTION', 'MIN_CHARACTERS', 'MAX_CHARACTERS'],
    wrong: wrongFraction,
  },
  merge: { figures: () => ['merged'], makes: 'model', reads: [] },
  quantize: {
    figures: () => ['gib', 'calibration_rows'],
    makes: 'model',
    reads: ['SCHEME', 'CALIBRATION_ROWS', 'CALIBRATION_LENGTH'],
    wrong: wrongScheme,
  },
  benchmark: {
    // Of a group of tasks its parts are measured, whose names lm-eval knows.
    figures: () => null,
    makes: null,
    reads: ['TASKS', 'LIMIT', 'BATCH_SIZE', 'SEED', ...SERVER],
    needs: ['TASKS'],
  },
  scan: {
    figures: ({ KINDS: said = '' }) => [...listed(said).map((kind) => `${kind}_asr`), 'attempts'],
    makes: null,
    reads: ['KINDS', 'GENERATIONS', 'MAX_TOKENS', 'PARALLEL', 'SEED', ...SERVER],
    wrong: wrongKinds,
  },
  'drift-monitor': {
    figures: () => [
      ...['drifted', 'drifted_columns', 'drifted_share'],
      ...['columns', 'rows_current', 'rows_reference', 'new_window'],
    ],
    makes: null,
    reads: ['REPORTS', 'CURRENT', 'REFERENCE', 'COLUMNS', 'DRIFT_SHARE', 'MIN_ROWS', 'MAX_ROWS', 'SERVED_MODEL'],
    wrong: wrongDrift,
  },
}
