import { execFile, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cacheDir } from '../../../local/rig/cache.ts'
import { freePorts } from '../../../local/rig/processes.ts'

const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url))

/** The server ends when its standard input does, so that a killed test leaves nothing behind. */
const SERVE = `
import os, sys, threading, uvicorn
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
uvicorn.run('mlflow.server.fastapi_app:app', host='127.0.0.1', port=int(sys.argv[1]), log_level='warning')
`

/** A real MLflow tracking server on loopback, on a database of its own. */
export interface Mlflow {
  url: string
  /** One REST call below `/api/2.0/mlflow/`; rejects unless MLflow answers 200. */
  call(method: string, path: string, input: Record<string, unknown>): Promise<Record<string, unknown>>
  close(): Promise<void>
}

/** Needs Python 3.11 or later with venv. The first start installs the pinned packages, once, into the cache. */
export const openMlflowServer = async (log: (line: string) => void = console.log): Promise<Mlflow> => {
  const python = await environment(log)
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-mlflow-'))
  const [port] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const child = spawn(python, ['-c', SERVE, String(port)], {
    cwd: folder,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, ...settings() },
  })
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-2000)
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  await waitUntilReady(url, () => (child.exitCode === null ? null : complaints))
  return {
    url,
    call: async (method, path, input) => {
      const query = method === 'GET' ? `?${new URLSearchParams(input as Record<string, string>)}` : ''
      const answer = await fetch(`${url}/api/2.0/mlflow/${path}${query}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(method === 'GET' ? {} : { body: JSON.stringify(input) }),
      })
      const text = await answer.text()
      if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 300)}`)
      return JSON.parse(text) as Record<string, unknown>
    },
    close: async () => {
      child.stdin.end()
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Webhooks to loopback, at once; nothing is sent elsewhere. The `_MLFLOW_SERVER_` names are those of the pinned version. */
const settings = (): Record<string, string> => ({
  _MLFLOW_SERVER_FILE_STORE: 'sqlite:///mlflow.db',
  _MLFLOW_SERVER_ARTIFACT_ROOT: 'mlflow-artifacts:/',
  _MLFLOW_SERVER_ARTIFACT_DESTINATION: './artifacts',
  _MLFLOW_SERVER_SERVE_ARTIFACTS: 'true',
  MLFLOW_WEBHOOK_ALLOWED_SCHEMES: 'http,https',
  MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: 'true',
  MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY: randomBytes(32).toString('base64').replaceAll('+', '-').replaceAll('/', '_'),
  MLFLOW_WEBHOOK_CACHE_TTL: '0',
  MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
  MLFLOW_DISABLE_TELEMETRY: 'true',
})

/** `/health` is 200 before the database can be opened: only a search tells. */
const waitUntilReady = async (url: string, died: () => string | null): Promise<void> => {
  for (let tries = 0; tries < 600; tries++) {
    const complaint = died()
    if (complaint !== null) throw new Error(`MLflow ended: ${complaint}`)
    const answer = await fetch(`${url}/api/2.0/mlflow/registered-models/search?max_results=1`).catch(() => null)
    if (answer?.status === 200) return
    await pause(100)
  }
  throw new Error('MLflow is not ready after 60 s')
}

/** The Python of a virtual environment with exactly the pinned packages. */
const environment = async (log: (line: string) => void): Promise<string> => {
  const key = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12)
  const folder = join(cacheDir, `mlflow-${key}`)
  const [python, complete] = [join(folder, 'bin', 'python'), join(folder, 'complete')]
  if (existsSync(complete)) return python
  log('installing MLflow into an environment of its own, once; about 40 s')
  const run = promisify(execFile)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(cacheDir, { recursive: true })
  try {
    await run('python3', ['-m', 'venv', folder])
    await run(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', '--requirement', REQUIREMENTS])
  } catch (error) {
    throw new Error(`MLflow cannot be installed: it needs Python 3.11 or later with venv and pip\n${String(error)}`)
  }
  writeFileSync(complete, '')
  return python
}
