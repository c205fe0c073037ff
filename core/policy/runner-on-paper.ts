import type { Policy, StagePolicy } from '../policy.ts'
import { isMounted } from './mounted.ts'
import { laneOf, type OnPaper } from './paper.ts'

type Wrong = Omit<OnPaper, 'lanes'>

/** What `signalbox-run` of a stage would end with once its node is paid for, or keep nothing by. */
export const runnersOnPaper = ({ pipelines }: Policy): OnPaper[] =>
  Object.entries(pipelines).flatMap(([name, rule]) =>
    rule.stages.flatMap((stage, index) => {
      const path = `pipelines.${name}.stages.${index}`
      const found = stage.runner === undefined ? unfilled(path, stage) : settingsOf(path, stage)
      return found.map((one) => ({ ...one, lanes: [laneOf('pipeline', name, rule)] }))
    }),
  )

/** The most of each number that a stage may say of how it saves, as `runner/settings` reads it. */
const MOST = {
  SIGNALBOX_CHECKPOINT_SECONDS: 86_400,
  SIGNALBOX_CHECKPOINT_SETTLE: 3600,
  SIGNALBOX_PATIENCE: 864_000,
  SIGNALBOX_PARTS: 128,
} as const

/** What is made of other variables is not known here. */
const isMade = (text: string): boolean => text.includes('$(')

const settingsOf = (path: string, { env, ...stage }: StagePolicy): Wrong[] => {
  const numbers = Object.entries(MOST).flatMap(([setting, most]): Wrong[] => {
    const text = env[setting]
    if (text === undefined || text === '' || isMade(text) || isWithin(text, most)) return []
    return [{ path: `${path}.env.${setting}`, why: `found ${text}: write a number from 0 to ${most}` }]
  })
  const sync = env['SIGNALBOX_SYNC'] ?? ''
  const why = isMade(sync) ? null : whyNotSynced(sync, stage)
  return why === null ? numbers : [...numbers, { path: `${path}.env.SIGNALBOX_SYNC`, why }]
}

const isWithin = (text: string, most: number): boolean =>
  text.trim() !== '' && Number(text) >= 0 && Number(text) <= most

const CHECKPOINTS = '/signalbox/checkpoints'

const whyNotSynced = (sync: string, stage: Omit<StagePolicy, 'env'>): string | null => {
  if (!['', 'on', 'off'].includes(sync))
    return `found ${sync}: write \`on\`, or \`off\` where ${CHECKPOINTS} is a volume of yours`
  return sync === 'off' && !isMounted(stage, CHECKPOINTS)
    ? `no checkpoint would outlive its pod: mount a volume of yours at ${CHECKPOINTS} in \`pod\`, or leave it out`
    : null
}

const INPUTS = '/signalbox/in/'

/** A command that reads what nobody brings into its pod. */
const unfilled = (path: string, stage: StagePolicy): Wrong[] => {
  const text = [...(stage.command ?? []), ...stage.args].join(' ')
  const [, folder] = new RegExp(`${INPUTS}([a-z0-9-]+)`).exec(text) ?? []
  if (folder === undefined || isMounted(stage, `${INPUTS}${folder}`)) return []
  const why = `is missing, and its command reads ${INPUTS}${folder}, which nothing brings there: say \`runner: { inputs: ['${folder}'] }\`, or mount a volume of yours there in \`pod\``
  return [{ path: `${path}.runner`, why }]
}
