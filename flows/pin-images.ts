import type { Lock } from '../core/images/lock.ts'
import { type Looked, type PinRow, pinRow } from '../core/images/pinning.ts'
import type { WantedImage } from '../core/images/places.ts'
import type { Images } from './images-port.ts'
import { Refused, Unavailable } from './ports.ts'

/** Images that are looked up side by side. */
const SIDE_BY_SIDE = 4

/** Looks up images, a few side by side; what fails of one keeps nobody from the others. In the order in which they are wanted. */
export const pinImages = async (
  images: Images,
  { lock, wanted }: { lock: Lock; wanted: readonly WantedImage[] },
  onRow: (row: PinRow) => void,
): Promise<PinRow[]> => {
  const rows: PinRow[] = []
  const waiting = [...wanted.entries()]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, one] = next
      const row = pinRow(one, lock, await looked(images, one, lock))
      rows[index] = row
      onRow(row)
    }
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work))
  return rows
}

const looked = async (images: Images, { image, reference }: WantedImage, lock: Lock): Promise<Looked> => {
  const known = (Object.hasOwn(lock, image) ? lock[image] : undefined) ?? null
  try {
    return { found: await images.resolve(reference, known) }
  } catch (error) {
    if (error instanceof Unavailable || error instanceof Refused) return { why: error.message }
    throw error
  }
}
