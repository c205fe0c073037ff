import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { cacheDir } from '../../../local/rig/cache.ts'
import { freePorts } from '../../../local/rig/processes.ts'

const POM = fileURLToPath(new URL('pom.xml', import.meta.url))

/** A real DynamoDB Local in memory. It offers no way to listen on loopback only. */
export interface DynamoDb {
  /** A client that sends to it, with so many tries of a call, the SDK's 3 unless told; its credentials are anything. */
  client(maxAttempts?: number): DynamoDBClient
  /** A new table with the ledger's key, of this name or of one of its own; answers its name. */
  table(name?: string): Promise<string>
  close(): Promise<void>
}

/** Needs Java 17 and Maven. The first start fetches the pinned jars, once, into the cache. */
export const openDynamoDb = async (log: (line: string) => void = console.log): Promise<DynamoDb> => {
  const jars = await fetched(log)
  const [port] = await freePorts(1)
  // Ends with its standard input, so that a killed test leaves nothing behind.
  const command = `java -Xmx256m -XX:TieredStopAtLevel=1 -Djava.library.path='${jars}' -cp '${jars}/*' com.amazonaws.services.dynamodbv2.local.main.ServerRunner -inMemory -sharedDb -disableTelemetry -port ${port} >/dev/null 2>&1 & java=$!; cat >/dev/null; kill $java`
  const child = spawn('sh', ['-c', command], { stdio: ['pipe', 'ignore', 'ignore'] })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const endpoint = `http://127.0.0.1:${port}`
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
  const client = (maxAttempts = 3) => new DynamoDBClient({ endpoint, region: 'eu-central-1', credentials, maxAttempts })
  for (let tries = 0; (await fetch(endpoint).catch(() => null))?.status !== 400; tries++) {
    if (tries > 600 || child.exitCode !== null) throw new Error('DynamoDB Local did not start: it needs Java 17')
    await pause(50)
  }
  const own = client()
  let tables = 0
  return {
    client,
    table: async (TableName = `ledger-${++tables}`) => {
      await own.send(
        new CreateTableCommand({
          TableName,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
        }),
      )
      return TableName
    },
    close: async () => {
      own.destroy()
      child.stdin.end()
      await ended
    },
  }
}

const fetched = async (log: (line: string) => void): Promise<string> => {
  const key = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12)
  const folder = join(cacheDir, `dynamodb-${key}`)
  if (existsSync(join(folder, 'complete'))) return folder
  log('fetching DynamoDB Local from Maven, once; about 30 s')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const args = ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`]
  await promisify(execFile)('mvn', args).catch((error: unknown) => {
    throw new Error(`DynamoDB Local cannot be fetched: it needs Maven and Java 17\n${String(error).slice(0, 2000)}`)
  })
  writeFileSync(join(folder, 'complete'), '')
  return folder
}
