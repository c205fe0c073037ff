import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { PRESET_SCRIPTS } from '../../../core/workloads/preset-scripts.ts'
import { PRESETS } from '../../../core/workloads/presets.ts'

it('a script is that of a preset', () => {
  for (const name of Object.keys(PRESET_SCRIPTS)) expect(PRESETS).toHaveProperty([name])
})

it('settings are those that the images’ scripts read', () => {
  const folders = ['common', 'tools', 'scan', 'drift']
  const text = folders
    .flatMap((folder) => readdirSync(`images/${folder}`).map((file) => `images/${folder}/${file}`))
    .filter((file) => file.endsWith('.py'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
  for (const { reads } of Object.values(PRESET_SCRIPTS)) for (const name of reads) expect(text).toContain(`"${name}"`)
})
