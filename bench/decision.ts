import { uploadDataset } from '../local/scenario.ts'
import { ms, quantiles, timed } from './figures.ts'
import { openBench, uploaded } from './town.ts'

const EVENTS = 500

/** What a decision costs with 10 and with 10,000 configured pipelines and services: the same event, interleaved. Goal ≤ 1.2×. */
export const decisionCost = async (): Promise<string[]> => {
  const [few, many] = [await openBench(10), await openBench(10_000)]
  const times: Record<'few' | 'many', number[]> = { few: [], many: [] }
  for (const { house } of [few, many]) {
    await uploadDataset(house, { bucket: 'acme-datasets', folder: 'd-3/', rows: ['{}'] })
    await house.deliver(uploaded('d-3'))
  }
  for (let n = 0; n < EVENTS; n++) {
    times.few.push(await timed(() => few.house.deliver(uploaded('d-3'))))
    times.many.push(await timed(() => many.house.deliver(uploaded('d-3'))))
  }
  await few.close()
  await many.close()
  const [a, b] = [quantiles(times.few).p50, quantiles(times.many).p50]
  return [`a decision with 10,000 configured services beside 10: ${ms(b)} and ${ms(a)}, ${(b / a).toFixed(2)}×`]
}
