import { contracts } from '../events/catalogue.ts'
import { matches } from './bus/match-pattern.ts'

/** Why no contract selects an event, and what it would have to be. */
export const whyNoContract = (event: object): string => {
  const { source, 'detail-type': detailType } = event as Record<string, unknown>
  const near = contracts.find(({ via, selects }) => {
    if (selects === undefined || !('pattern' in via)) return false
    const { source: from, 'detail-type': types } = via.pattern
    return matches({ source: from ?? [], 'detail-type': types ?? [] }, { source, 'detail-type': detailType })
  })
  if (near !== undefined) return `it is not selected as ${near.name}: ${near.selects}`
  return `no contract selects it: ${said(event)}. \`signalbox contracts\` lists what is understood`
}

const said = (event: object): string => {
  const { source, 'detail-type': detailType } = event as Record<string, unknown>
  return `source ${JSON.stringify(source)?.slice(0, 80)}, detail-type ${JSON.stringify(detailType)?.slice(0, 80)}`
}
