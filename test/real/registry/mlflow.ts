import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../../../local/rig/processes.ts'
import { pythonWith, startPython } from '../python.ts'

const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url))

const SERVE = `
import uvicorn
uvicorn.run('mlflow.server.fastapi_app:app', host='127.0.0.1', port=int(sys.argv[1]), log_level='warning')
`

/** A real MLflow tracking server on loopback, on a database of its own. */
export interface Mlflow {
  url: string
  /** One REST call below `/api/2.0/mlflow/`; rejects unless MLflow answers 200. */
  call(method: string, path: string, input: Record<string, unknown>): Promise<Record<string, unknown>>
  close(): Promise<void>
}

/** Needs Python 3.11 or later with venv. `more`: of its environment. */
export const openMlflowServer = async (more: Record<string, string> = {}): Promise<Mlflow> => {
  const python = await pythonWith('mlflow', REQUIREMENTS)
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-mlflow-'))
  const [port] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const server = startPython(python, {
    code: SERVE,
    args: [String(port)],
    cwd: folder,
    env: { ...settings(), ...more },
  })
  await waitUntilReady(url, server.died)
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
      await server.end()
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
