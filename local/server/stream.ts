import type { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { Served } from './served.ts'

/** At most ten messages a second, whatever changes. Milliseconds. */
const PAUSE = 100
const HEARTBEAT = 15_000

/** Server-sent events: `changed` says that something visible may have; the page asks for what it shows. */
export const streamRoute = (app: Hono, { house }: Served): void => {
  app.get('/api/stream', (context) =>
    streamSSE(context, async (stream) => {
      let dirty = true
      let wake: () => void = () => undefined
      const stop = house.onChange(() => {
        dirty = true
        wake()
      })
      stream.onAbort(() => {
        stop()
        wake()
      })
      while (!stream.aborted) {
        await stream.writeSSE(dirty ? { event: 'changed', data: '{}' } : { event: 'still', data: '{}' })
        dirty = false
        await stream.sleep(PAUSE)
        if (!dirty) await Promise.race([new Promise<void>((resolve) => (wake = resolve)), stream.sleep(HEARTBEAT)])
      }
    }),
  )
}
