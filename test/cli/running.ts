import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { main } from '../../cli/main.ts'
import { RUNNING_FILE } from '../../local/main.ts'
import { startServer } from '../../local/server/server.ts'
import { type Between, between } from '../journeys/away.ts'
import { openTown, type Town } from '../journeys/town.ts'

/** What a command printed and how it ended. */
export interface Said {
  code: number
  out: string
  err: string
}

/** One command, as a terminal gives it. */
export const cli = async (...argv: string[]): Promise<Said> => {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await main(argv, { out: (text) => out.push(text), err: (text) => err.push(text), json: false })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

/** A product on loopback and on virtual time, and a command line that works on its folder. */
export interface Running {
  town: Town
  /** Fails when a test says so. */
  far: Between
  data: string
  cli(...argv: string[]): Promise<Said>
  json(...argv: string[]): Promise<Record<string, unknown>>
  close(): Promise<void>
}

export const openRunning = async (): Promise<Running> => {
  const data = mkdtempSync(join(tmpdir(), 'signalbox-cli-'))
  const far = between()
  const town = await openTown({ dataDir: data, wrap: far.wrap })
  const server = await startServer({ house: town.house, port: 0, version: 'test' })
  writeFileSync(join(data, RUNNING_FILE), JSON.stringify({ url: server.url, pid: process.pid, token: 'test-token' }))
  const here = (...argv: string[]): Promise<Said> => cli(...argv, '--data', data)
  return {
    town,
    far,
    data,
    cli: here,
    json: async (...argv) => JSON.parse((await here(...argv, '--json')).out) as Record<string, unknown>,
    close: async () => {
      await server.close()
      await town.close()
      rmSync(data, { recursive: true, force: true })
    },
  }
}
