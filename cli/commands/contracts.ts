import { readdirSync } from 'node:fs'
import { contracts } from '../../events/catalogue.ts'
import { columns, type Output, show } from '../output.ts'

const SAMPLES = new URL('../../events/samples/', import.meta.url)

/** Every contract with its pattern or route and its samples: what people need who wire EventBridge by hand. */
export const listContracts = (output: Output): void => {
  const rows = contracts.map(({ name, summary, via }) => ({ name, summary, via, samples: samplesOf(name) }))
  const text = rows
    .map(({ name, summary, via, samples }) => {
      const how = 'pattern' in via ? `bus ${via.bus}, pattern ${JSON.stringify(via.pattern)}` : `route ${via.route}`
      return `${name}\n${columns([
        ['  what', summary],
        ['  via', how],
        ['  samples', samples.join(', ')],
      ])}`
    })
    .join('\n\n')
  show(output, { contracts: rows }, text)
}

/** Names of a contract's samples, without their ending. */
export const samplesOf = (name: string): string[] =>
  readdirSync(new URL(`${name}/`, SAMPLES))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort()
