import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../../../local/rig/processes.ts'
import { pythonWith, startPython } from '../python.ts'

const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url))
const SERVE = `
from moto.server import main
main(['-H', '127.0.0.1', '-p', sys.argv[1]])
`

/**
 * moto, a stand-in for S3, Secrets Manager, SSM, SNS topics, SQS and EventBridge rules to queues, where it is true to AWS. Never asked
 * about DynamoDB, Lambda or the shape of S3's events, where it is not.
 */
export interface Moto {
  /** For every SDK client: where it is, and credentials that are anything. */
  at: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } }
  close(): Promise<void>
}

/** Needs Python 3.11 or later with venv. */
export const openMoto = async (): Promise<Moto> => {
  const python = await pythonWith('moto', REQUIREMENTS)
  const [port] = await freePorts(1)
  const endpoint = `http://127.0.0.1:${port}`
  const server = startPython(python, { code: SERVE, args: [String(port)] })
  for (
    let tries = 0;
    !(await fetch(`${endpoint}/moto-api/`).then(
      (answer) => answer.ok,
      () => false,
    ));
    tries++
  ) {
    if (tries > 600 || server.died() !== null) throw new Error(`moto did not start: ${server.died()}`)
    await pause(50)
  }
  return {
    at: { endpoint, region: 'eu-central-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } },
    close: server.end,
  }
}
