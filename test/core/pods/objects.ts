import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { V1Pod } from '@kubernetes/client-node'

/** A pod as a kubelet writes it; `from` in its file says which, and where in its sources. */
export const podIn = (name: string): V1Pod =>
  (JSON.parse(readFileSync(join(import.meta.dirname, 'objects', `${name}.json`), 'utf8')) as { pod: V1Pod }).pod
