import { reactions } from '../core/reactions/catalogue.ts'
import { resync } from '../flows/resync.ts'
import { uploadDataset } from '../local/scenario.ts'
import { counting } from './counting.ts'
import { openBench, uploaded } from './town.ts'

const RUNS = 1000

/** What resync costs with a thousand runs in flight, of which nothing has changed. */
export const inFlight = async (): Promise<string[]> => {
  const counted = counting()
  const { house, close } = await openBench(RUNS, counted.wrap)
  for (let n = 0; n < RUNS; n++) {
    await uploadDataset(house, { bucket: 'acme-datasets', folder: `d-${n}/`, rows: ['{}'] })
    await house.deliver(uploaded(`d-${n}`))
  }
  counted.since()
  const begun = performance.now()
  const { asked, letters, woken } = await resync(house.ports, reactions)
  const seconds = (performance.now() - begun) / 1000
  const { total, text } = counted.since()
  await close()
  return [
    `resync of ${RUNS} runs in flight: ${total} calls in ${seconds.toFixed(1)} s (${text}); ${asked} places asked, ${letters} letters, ${woken} wakes`,
  ]
}
