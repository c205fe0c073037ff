import { expect, it } from 'vitest'
import { onPaper } from '../../../core/policy/on-paper.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { life } from '../../journeys/life.ts'

type Stage = NonNullable<Config['pipelines']>[string]['stages'][number]

const found = (change: (stages: Record<string, Stage>, config: Config) => void): string[] => {
  const config = structuredClone(life)
  const all = Object.values(config.pipelines!).flatMap(({ stages }) => stages)
  change(Object.fromEntries(all.map((one) => [one.use ?? one.name ?? '', one])), config)
  return onPaper(parsePolicy(config)).map(({ path, why }) => `${path}: ${why}`)
}
const CHATS = 'pipelines.support-chats.stages'
const WATCH = 'pipelines.support-watch.stages.0.env'

it('finds nothing in the whole life', () => expect(found(() => undefined)).toEqual([]))

it.each<[string, (stages: Record<string, Stage>, config: Config) => void, string]>([
  [
    'a figure with a slip in it',
    ({ scan }) => {
      scan!.gates![0]!.metric = 'jailbreak_asrr'
    },
    `${CHATS}.5.gates.0.metric: \`scan\` as it is told measures no \`jailbreak_asrr\`, so the gate would fail once it is paid for: did you mean \`jailbreak_asr\`?`,
  ],
  [
    'a figure of a kind that is not scanned for',
    ({ scan }) => {
      scan!.env = { KINDS: 'toxicity, injection, leakage' }
    },
    `${CHATS}.5.gates.0.metric: \`scan\` as it is told measures no \`jailbreak_asr\``,
  ],
  [
    'a figure that is none',
    ({ preprocess }) => {
      preprocess!.gates![0]!.metric = 'size'
    },
    `${CHATS}.0.gates.0.metric: \`preprocess\` as it is told measures no \`size\`, so the gate would fail once it is paid for: it is one of rows_train,`,
  ],
  [
    'a kind that is none',
    ({ scan }) => {
      scan!.env = { KINDS: 'jailbreak,injection,leakage,poison' }
    },
    `${CHATS}.5.env.KINDS: found poison: it is one of jailbreak, injection, leakage, toxicity`,
  ],
  [
    'no tasks',
    ({ benchmark }) => {
      benchmark!.env = { LIMIT: '1' }
    },
    `${CHATS}.3.env.TASKS: is missing, and \`benchmark\` does not begin without it`,
  ],
  [
    'a scheme that is none',
    ({ quantize }) => {
      quantize!.env = { SCHEME: 'fp4' }
    },
    `${CHATS}.4.env.SCHEME: found fp4: it is one of FP8, GPTQ, AWQ`,
  ],
  [
    'a setting with a slip in it',
    ({ quantize }) => {
      quantize!.env = { SHEME: 'GPTQ' }
    },
    `${CHATS}.4.env.SHEME: the preset reads no such setting: did you mean \`SCHEME\`?`,
  ],
  [
    'a share in percent',
    ({ 'drift-monitor': monitor }) => {
      monitor!.env!['DRIFT_SHARE'] = '50'
    },
    `${WATCH}.DRIFT_SHARE: found 50: write a number above 0, at most 1`,
  ],
  [
    'more rows at least than at most',
    ({ 'drift-monitor': monitor }) => {
      monitor!.env!['MIN_ROWS'] = '200000'
    },
    `${WATCH}.MIN_ROWS: found 200000: write at most MAX_ROWS, which is 100000`,
  ],
  [
    'a sample that is compared with itself',
    ({ 'drift-monitor': monitor }) => {
      monitor!.env!['REFERENCE'] = monitor!.env!['CURRENT']!
    },
    `${WATCH}.REFERENCE: found s3://acme-datasets/samples/support-llama/current/: that is \`CURRENT\` too`,
  ],
  [
    'an adapter of what leaves whole weights',
    (_, config) => {
      config.pipelines!['support-chats']!.register = {
        model: 'support-llama',
        artifact: 'adapter',
        from: 'merge',
      }
    },
    'pipelines.support-chats.register.artifact: `merge` leaves a model and no adapter',
  ],
  [
    'weights of what leaves rows',
    (_, config) => {
      config.pipelines!['support-chats']!.register = { model: 'support-llama', from: 'preprocess' }
    },
    'pipelines.support-chats.register.from: `preprocess` leaves a dataset and no model',
  ],
])('%s is found before it is paid for', (_, change, said) => {
  expect(found(change)).toContainEqual(expect.stringContaining(said))
})

it('says nothing of what a command of the stage’s own reads and leaves', () => {
  const own = found(({ scan }) => {
    scan!.command = ['python3', 'mine.py']
    scan!.gates![0]!.metric = 'mine'
    scan!.env = { KINDS: 'poison' }
  })
  expect(own).toEqual([])
})

it('says of a kind of attack with a slip in it that alone, and takes no figure from it', () => {
  const lines = found(({ scan }) => {
    scan!.env = { KINDS: 'jailbrake' }
  })
  expect(lines).toEqual([expect.stringContaining('.env.KINDS: found jailbrake: it is one of jailbreak,')])
})
