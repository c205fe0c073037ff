import { parentPort } from 'node:worker_threads'
import { lookAtDataset } from '../../flows/look.ts'
import type { Objects } from '../../flows/ports.ts'

/** A manifest of 100,000 objects, 20 MB of JSON that nobody ever holds whole: run in a thread with little memory. */
const OBJECTS = 100_000
const head = { size: 7, versionId: null, lastModified: 1, etag: 'e', sha256: null }
const nameOf = (n: number): string =>
  `support-chats/2026-11-23/part-${String(n).padStart(8, '0')}-${'x'.repeat(80)}.jsonl`

async function* pieces(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('{"version":1,"objects":[')
  for (let from = 0; from < OBJECTS; from += 500) {
    const some = Array.from({ length: 500 }, (_, n) => ({ key: nameOf(from + n), size: 7, sha256: 'ab'.repeat(32) }))
    yield Buffer.from(`${from === 0 ? '' : ','}${some.map((one) => JSON.stringify(one)).join()}`)
  }
  yield Buffer.from(']}')
}

let asked = 0
const objects = {
  stream: async () => ({ head, pieces: pieces() }),
  head: async (_bucket: string, key: string) => {
    asked++
    return key === nameOf(99_998) ? null : head
  },
} as unknown as Objects

const facts = await lookAtDataset({ objects }, { bucket: 'b', key: 'manifest.json' })
parentPort?.postMessage({ facts, asked })
