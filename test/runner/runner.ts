import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { type ParsedResult, parseResult } from '../../core/result.ts'
import { openS3Objects } from '../../effects/objects/s3-objects.ts'
import type { Objects } from '../../flows/ports.ts'
import { freePorts } from '../../local/rig/processes.ts'
import { buildRunner } from '../../scripts/runner.ts'
import { alone } from '../real/alone.ts'
import { openMoto } from '../real/aws/moto.ts'

const OUT = fileURLToPath(new URL('../../runner/dist', import.meta.url))

/** The program for this machine: built by whoever comes first. */
const builtRunner = async (): Promise<string> => {
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
  const [built] = await alone(`${OUT}/building`, () => buildRunner({ out: OUT, architectures: [architecture] }))
  return built?.file ?? ''
}

/** What becomes of a request that a pod makes of S3: it goes on, is answered with a status, or its pod dies before or after it. */
export type Fate = 'on' | number | 'dies-before' | 'dies-after'

/** How a pod's container ended. */
export interface Ended {
  code: number | null
  /** All that it said, in the order of its two streams. */
  said: string
  message: string
  ms: number
  /** Largest resident memory of signalbox-run, bytes, as seen every 20 ms. */
  peak: number
}

export interface Container {
  child: ChildProcess
  folder: string
  ended: Promise<Ended>
  /** Resolves once it has said this. */
  says(text: string): Promise<void>
}

export interface StartOptions {
  /** `<attempt>` of the pod's Job. */
  attempt?: number
  suffix?: string
  lane?: string
  env?: Record<string, string>
  /** A script of bash; left out: `args` say all. */
  program?: string
  args?: string[]
  /** Left out: a new one. */
  folder?: string
  fate?: (n: number, req: IncomingMessage) => Fate
}

export interface Town {
  binary: string
  client: S3Client
  objects: Objects
  /** For a client of another kind. */
  endpoint: string
  job(lane: string, attempt: number): string
  put(key: string, body: string | Uint8Array): Promise<void>
  text(key: string): Promise<string | null>
  start(options: StartOptions): Promise<Container>
  /** Starts one and waits for its end. */
  run(options: StartOptions): Promise<Ended & { folder: string }>
  /** What Signalbox reads of a pod's result; null: it has written none. */
  result(lane: string, attempt: number, suffix?: string): Promise<ParsedResult | null>
  close(): Promise<void>
}

export const BUCKET = 'results'

/** S3's stand-in, and pods of stages that use it. */
export const openTown = async (): Promise<Town> => {
  const [binary, moto] = await Promise.all([builtRunner(), openMoto()])
  const client = new S3Client({ ...moto.at, forcePathStyle: true })
  await client.send(
    new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }),
  )
  const root = mkdtempSync(join(tmpdir(), 'signalbox-runner-'))
  const closing: (() => void)[] = []
  let folders = 0
  const job = (lane: string, attempt: number): string => `${lane}-0a1b2c3d-g1a${attempt}-train`
  const text = async (Key: string): Promise<string | null> =>
    client.send(new GetObjectCommand({ Bucket: BUCKET, Key })).then(
      ({ Body }) => Body?.transformToString() ?? null,
      () => null,
    )
  const start = async (options: StartOptions): Promise<Container> => {
    const { attempt = 1, suffix = 'aaaaa', lane = 'pipeline-chats', program, args, fate, env } = options
    const folder = options.folder ?? join(root, `pod-${folders++}`)
    mkdirSync(folder, { recursive: true })
    const log = join(folder, 'termination-log')
    writeFileSync(log, '')
    const proxy = fate === undefined ? null : await openProxy(moto.at.endpoint, fate)
    if (proxy !== null) closing.push(proxy.close)
    const child = spawn(binary, args ?? ['run', '--', 'bash', '-c', program ?? ''], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: folder,
        AWS_ENDPOINT_URL: proxy?.endpoint ?? moto.at.endpoint,
        AWS_REGION: moto.at.region,
        AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'the-secret-of-this-pod',
        RESULTS_URI: `s3://${BUCKET}/runs`,
        POD_NAME: `${job(lane, attempt)}-${suffix}`,
        JOB_NAME: job(lane, attempt),
        SIGNALBOX_STAGE: 'train',
        SIGNALBOX_FOLDER: folder,
        SIGNALBOX_TERMINATION_LOG: log,
        SIGNALBOX_CHECKPOINT_SECONDS: '0.1',
        SIGNALBOX_CHECKPOINT_SETTLE: '0.05',
        SIGNALBOX_PATIENCE: '20',
        SIGNALBOX_GRACE: '6',
        ...env,
      },
    })
    if (proxy !== null) proxy.kills(child)
    return container(child, { folder, log })
  }
  return {
    binary,
    client,
    objects: openS3Objects(client),
    endpoint: moto.at.endpoint,
    job,
    text,
    put: async (Key, Body) => void (await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }))),
    start,
    run: async (options) => {
      const started = await start(options)
      return { ...(await started.ended), folder: started.folder }
    },
    result: async (lane, attempt, suffix = 'aaaaa') => {
      const name = job(lane, attempt)
      const found = await text(`runs/${name}-${suffix}/result.json`)
      return found === null
        ? null
        : parseResult(Buffer.from(found), { object: name, prefix: `s3://${BUCKET}/runs/${name}-${suffix}/` })
    },
    close: async () => {
      for (const one of closing) one()
      client.destroy()
      rmSync(root, { recursive: true, force: true })
      await moto.close()
    },
  }
}

const container = (child: ChildProcess, { folder, log }: { folder: string; log: string }): Container => {
  const began = performance.now()
  let [said, peak] = ['', 0]
  const waiting: (() => void)[] = []
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said += chunk
      for (const look of waiting) look()
    })
  const watch = setInterval(() => {
    peak = Math.max(peak, residentOf(child.pid))
  }, 20)
  const ended = new Promise<Ended>((resolve) =>
    child.once('close', (code) => {
      clearInterval(watch)
      resolve({ code, said, message: readFileSync(log, 'utf8'), ms: performance.now() - began, peak })
      for (const look of waiting) look()
    }),
  )
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (said.includes(text)) resolve()
        else if (child.exitCode !== null || child.signalCode !== null)
          reject(new Error(`it ended and never said ${text}: ${said}`))
      }
      waiting.push(look)
      look()
    })
  return { child, folder, ended, says }
}

/** The most that a process has had in memory, bytes; 0 where it is gone. */
const residentOf = (pid: number | undefined): number => {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

/** Stands between a pod and S3, and lets each of its requests, counted from 1, come to what is said. */
const openProxy = async (to: string, fate: NonNullable<StartOptions['fate']>) => {
  const { hostname, port } = new URL(to)
  const [own] = await freePorts(1)
  let [count, child] = [0, null as ChildProcess | null]
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const what = fate(++count, req)
    if (typeof what === 'number') {
      req.resume()
      res.writeHead(what).end()
      return
    }
    if (what === 'dies-before') {
      child?.kill('SIGKILL')
      return
    }
    const onward = request(
      { hostname, port, method: req.method, path: req.url, headers: req.headers },
      async (answered) => {
        if (what === 'dies-after') {
          answered.resume()
          child?.kill('SIGKILL')
          return
        }
        res.writeHead(answered.statusCode ?? 500, answered.headers)
        answered.pipe(res)
      },
    )
    onward.on('error', () => res.destroy())
    req.pipe(onward)
  }
  const server = createServer((req, res) => void answer(req, res))
  await new Promise<void>((resolve) => server.listen(own, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${own}`,
    kills: (one: ChildProcess) => {
      child = one
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Waits until something is so. */
export const until = async (isSo: () => boolean | Promise<boolean>, what: string): Promise<void> => {
  for (let tries = 0; !(await isSo()); tries++) {
    if (tries > 1500) throw new Error(`it never was so: ${what}`)
    await pause(20)
  }
}

/** Whether a process is there. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
