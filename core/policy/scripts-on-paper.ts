import type { PipelinePolicy, Policy, StagePolicy } from '../policy.ts'
import { PRESET_SCRIPTS, type PresetScript } from '../workloads/preset-scripts.ts'
import { newest } from '../workloads/presets.ts'
import { nearest } from './nearest.ts'
import { laneOf, type OnPaper } from './paper.ts'
import { registeredStage } from './pipelines.ts'
import { nameOfStage } from './stages.ts'

/** What scripts of presets would end with once their stage is paid for: settings that they do not take, figures that they never measure. */
export const scriptsOnPaper = ({ pipelines }: Policy): OnPaper[] =>
  Object.entries(pipelines).flatMap(([name, rule]) => {
    const lanes = [laneOf('pipeline', name, rule)]
    return rule.stages.flatMap((stage, index) => {
      const script = scriptOf(stage)
      if (script === null) return []
      const path = `pipelines.${name}.stages.${index}`
      const settings = settingsOf(path, stage, script)
      return [
        ...settings.map((found) => ({ ...found, lanes })),
        // What is measured by settings that are not taken nobody knows.
        ...(settings.length > 0 ? [] : figuresOf(path, stage, script)).map((found) => ({ ...found, lanes })),
        ...artifactOf(name, rule, { stage, script }).map((found) => ({ ...found, lanes })),
        ...misspelt(path, stage, script),
      ]
    })
  })

type Wrong = Omit<OnPaper, 'lanes'>

/** A command of the stage's own may read and leave anything. */
const scriptOf = ({ use, command }: StagePolicy): PresetScript | null =>
  use === undefined || command !== undefined ? null : (PRESET_SCRIPTS[use] ?? null)

const settingsIn = ({ use, env }: StagePolicy): Readonly<Record<string, string>> => ({
  ...(use === undefined ? {} : newest(use).env),
  ...env,
})

const settingsOf = (path: string, stage: StagePolicy, script: PresetScript): Wrong[] => {
  const settings = settingsIn(stage)
  // What a variable is made of elsewhere, in `pod` or of others, is not known here.
  const elsewhere = JSON.stringify(stage.pod ?? null)
  const missing = (script.needs ?? []).filter((one) => settings[one] === undefined && !elsewhere.includes(`"${one}"`))
  const found = Object.values(settings).some((text) => text.includes('$(')) ? null : (script.wrong?.(settings) ?? null)
  return [
    ...missing.map((one) => ({
      path: `${path}.env.${one}`,
      why: `is missing, and \`${stage.use}\` does not begin without it: docs/presets.md says what it is`,
    })),
    ...(found === null ? [] : [{ path: `${path}.env.${found.setting}`, why: found.why }]),
  ]
}

const figuresOf = (path: string, stage: StagePolicy, script: PresetScript): Wrong[] => {
  const known = script.figures(settingsIn(stage))
  return stage.gates.flatMap(({ metric }, index) => {
    if (known === null || known.includes(metric)) return []
    const like = nearest(metric, known)
    const meant = like === null ? `it is one of ${known.join(', ')}` : `did you mean \`${like}\`?`
    const why = `\`${stage.use}\` as it is told measures no \`${metric}\`, so the gate would fail once it is paid for: ${meant}`
    return [{ path: `${path}.gates.${index}.metric`, why }]
  })
}

/** What is registered, where its stage leaves something else. */
const artifactOf = (
  name: string,
  rule: PipelinePolicy,
  { stage, script: { makes } }: { stage: StagePolicy; script: PresetScript },
): Wrong[] => {
  const { register } = rule
  if (register === undefined || makes === null || registeredStage(rule) !== nameOfStage(stage)) return []
  const wanted = register.artifact ?? 'model'
  if (wanted === makes) return []
  const path = `pipelines.${name}.register.${register.artifact === undefined ? 'from' : 'artifact'}`
  const why = `\`${nameOfStage(stage)}\` leaves a ${makes} and no ${wanted}, so nothing could be registered once all is paid for: say the stage that makes the ${wanted} in \`from\`${makes === 'model' ? ', or leave `artifact` out' : ''}`
  return [{ path, why }]
}

/** A setting that the script does not read, and that is called nearly as one that it does: nobody knows that it is none of its libraries'. */
const misspelt = (path: string, { env }: StagePolicy, { reads }: PresetScript): OnPaper[] =>
  Object.keys(env).flatMap((name) => {
    const like = reads.includes(name) ? null : nearest(name, reads)
    if (like === null || env[like] !== undefined) return []
    return [
      { path: `${path}.env.${name}`, why: `the preset reads no such setting: did you mean \`${like}\`?`, lanes: [] },
    ]
  })
