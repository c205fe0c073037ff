import type { Carrier, Wait } from './carrier.ts'

/** How long the lane is frozen, itself or with all lanes; null when it is not. */
export const frozenFor = async ({ ports, run }: Pick<Carrier, 'ports' | 'run'>): Promise<Wait | null> => {
  const now = ports.clock.now()
  const rows = [await ports.ledger.read('freeze', run.lane), await ports.ledger.read('freeze', '*')]
  const until = Math.max(...rows.map((row) => row?.value.until ?? 0))
  return until > now ? { wait: (until - now) / 1000 } : null
}
