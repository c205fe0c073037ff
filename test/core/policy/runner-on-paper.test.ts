import { expect, it } from 'vitest'
import { onPaper } from '../../../core/policy/on-paper.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import bring from '../../../examples/bring-your-trainer.config.ts'

type Stage = NonNullable<Config['pipelines']>[string]['stages'][number]

const found = (change: Partial<Stage>): string[] => {
  const config = structuredClone(bring) as Config
  const [stage] = config.pipelines!['my-model']!.stages
  config.runner!.image = `aws@sha256:${'a'.repeat(64)}`
  Object.assign(stage!, { image: `torch@sha256:${'b'.repeat(64)}` }, change)
  if (change.runner === undefined && 'runner' in change) delete stage!.runner
  return onPaper(parsePolicy(config)).map(({ path, why }) => `${path}: ${why}`)
}
const AT = 'pipelines.my-model.stages.0'
const volumeAt = (mountPath: string): Partial<Stage> =>
  ({ pod: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }], containers: [{ name: 'train', volumeMounts: [{ name: 'v', mountPath }] }] } }) as Partial<Stage> // biome-ignore format: a line

it.each<[string, Partial<Stage>]>([
  ['as it is written', {}],
  [
    'numbers in their bounds',
    { env: { SIGNALBOX_CHECKPOINT_SECONDS: '60', SIGNALBOX_PARTS: '128', SIGNALBOX_SYNC: 'on' } },
  ],
  ['what is made of others', { env: { SIGNALBOX_PATIENCE: '$(LONG)' } }],
  ['a volume for checkpoints', { env: { SIGNALBOX_SYNC: 'off' }, ...volumeAt('/signalbox/checkpoints') }],
  ['a volume in place of the runner', { runner: undefined, ...volumeAt('/signalbox/in/dataset') }],
  ['a command of its own without a runner', { runner: undefined, command: ['python', '/app/train.py'] }],
])('finds nothing in %s', (_, change) => expect(found(change)).toEqual([]))

it.each<[string, Partial<Stage>, string]>([
  [
    'no number',
    { env: { SIGNALBOX_CHECKPOINT_SECONDS: 'soon' } },
    `${AT}.env.SIGNALBOX_CHECKPOINT_SECONDS: found soon: write a number from 0 to 86400`,
  ],
  [
    'too large a number',
    { env: { SIGNALBOX_PARTS: '129' } },
    `${AT}.env.SIGNALBOX_PARTS: found 129: write a number from 0 to 128`,
  ],
  [
    'neither on nor off',
    { env: { SIGNALBOX_SYNC: 'false' } },
    `${AT}.env.SIGNALBOX_SYNC: found false: write \`on\`, or \`off\``,
  ],
  [
    'checkpoints that nothing keeps',
    { env: { SIGNALBOX_SYNC: 'off' } },
    `${AT}.env.SIGNALBOX_SYNC: no checkpoint would outlive its pod`,
  ],
  [
    'a folder that nothing fills',
    { runner: undefined },
    `${AT}.runner: is missing, and its command reads /signalbox/in/dataset, which nothing brings there: say \`runner: { inputs: ['dataset'] }\``,
  ],
])('finds %s', (_, change, line) => expect(found(change)).toEqual([expect.stringContaining(line)]))
