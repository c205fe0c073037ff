import type { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { Served } from './served.ts'

/** At most ten messages a second, whatever changes. Milliseconds. */
const PAUSE = 100
const HEARTBEAT = 15_000
/** Most pages that are kept live: of more the oldest ends, and asks again where somebody looks at it still. */
const MOST = 64

/** Server-sent events: `changed` says that something visible may have; the page asks for what it shows. */
export const streamRoute = (app: Hono, { house }: Served): void => {
  const ends = new Set<() => void>()
  app.get('/api/stream', (context) =>
    streamSSE(context, async (stream) => {
      let dirty = true
      let over = false
      let wake: () => void = () => undefined
      const stop = house.onChange(() => {
        dirty = true
        wake()
      })
      const end = (): void => {
        over = true
        stop()
        ends.delete(end)
        wake()
      }
      ends.add(end)
      const [oldest] = ends
      if (ends.size > MOST) oldest?.()
      stream.onAbort(end)
      while (!over) {
        await stream.writeSSE(dirty ? { event: 'changed', data: '{}' } : { event: 'still', data: '{}' })
        dirty = false
        await stream.sleep(PAUSE)
        if (!dirty && !over)
          await Promise.race([new Promise<void>((resolve) => (wake = resolve)), stream.sleep(HEARTBEAT)])
      }
    }),
  )
}
