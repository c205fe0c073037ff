import { mkdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { lockFolder } from '../../local/folder-lock.ts'

/** Does what is done once for all files that run side by side: the others wait until whoever is at it is done. */
export const alone = async <T>(folder: string, work: () => Promise<T>): Promise<T> => {
  mkdirSync(folder, { recursive: true })
  let unlock = lockFolder(folder)
  for (; unlock === null; unlock = lockFolder(folder)) await pause(200)
  try {
    return await work()
  } finally {
    unlock()
  }
}
