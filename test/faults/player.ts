import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the lane's document says, as `GET /api/lanes` shows it. */
interface Seen {
  lane: string
  state: string
  generation: number
  run: { question: { id: string; state: string } | null } | null
  desired: { version?: string; key?: string } | null
  outcome: { kind: string; reason: string | null } | null
}

/** One product, as its users reach it: routes, and the folder that is its bucket. */
export interface Product {
  url: string
  token: string
  dataDir: string
}

const TRAIN = 'pipeline/support-chats'
const SERVE = 'service/support-llama'
const MODEL = 'support-llama'

/**
 * The people of the tour, outside the process that is killed: whoever uploads, promotes and presses the button. A pass
 * of `play` reads what the product shows, does the one thing that is due, and may be cut off anywhere: everything it does
 * may be done again.
 */
export class Player {
  /** How each chapter ended, by its name. */
  readonly ended: { chapter: string; outcome: string }[] = []
  private readonly rounds: number
  private round = 0
  private chapter = 0
  /** The generation of the chapter's lane before anything was done in it; null: not looked yet. */
  private before: number | null = null

  constructor(rounds: number) {
    this.rounds = rounds
  }

  get done(): boolean {
    return this.round >= this.rounds
  }

  /** One look, one deed. Rejects when the product is gone. */
  async play(product: Product): Promise<void> {
    if (this.done) return
    const lane = this.chapter === 0 ? TRAIN : SERVE
    const row = (await lanes(product)).find((candidate) => candidate.lane === lane)
    this.before ??= row?.generation ?? 0
    if (row === undefined || row.generation === this.before) await this.act(product)
    else if (row.outcome !== null && row.run === null) this.next(row)
    else await approve(product, row)
  }

  private next({ outcome }: Seen): void {
    const reason = outcome?.reason == null ? '' : `: ${outcome.reason}`
    this.ended.push({ chapter: CHAPTERS[this.chapter] as string, outcome: `${outcome?.kind}${reason}` })
    this.before = null
    this.chapter = (this.chapter + 1) % CHAPTERS.length
    if (this.chapter === 0) this.round++
  }

  private async act(product: Product): Promise<void> {
    if (this.chapter === 0) return upload(product, this.round)
    if (this.chapter === 1) return promote(product, await newest(product, (source) => !source.includes('/worse-')))
    await promote(product, await worse(product, this.round))
  }
}

const CHAPTERS = ['a dataset is trained on', 'the model is rolled out', 'a worse one walks back']

/** How a whole round of the tour ends. */
export const EXPECTED = CHAPTERS.map((chapter, index) => ({
  chapter,
  outcome: index === 2 ? 'failed: gate' : 'succeeded',
}))

const call = async (
  { url, token }: Product,
  path: string,
  given: { method?: string; body?: unknown } = {},
): Promise<Record<string, unknown>> => {
  const answer = await fetch(`${url}${path}`, {
    method: given.method ?? (given.body === undefined ? 'GET' : 'POST'),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
    signal: AbortSignal.timeout(5000),
  })
  if (answer.status >= 500) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Record<string, unknown>
}

/** Every lane's document. */
export const lanes = async (product: Product): Promise<Seen[]> => (await call(product, '/api/lanes'))['lanes'] as Seen[]

/** Its objects first, its manifest last, each renamed into place: this process is not the one that is killed. */
const upload = ({ dataDir }: Product, round: number): void => {
  const folder = join(dataDir, `buckets/acme-datasets/support-chats/round-${round}`)
  mkdirSync(folder, { recursive: true })
  const part = `{"round":${round}}`
  const manifest = { version: 1, objects: [{ key: `support-chats/round-${round}/part-0.jsonl`, size: part.length }] }
  writeFileSync(join(folder, 'part-0.jsonl'), part)
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
}

const approve = async (product: Product, { run }: Seen): Promise<void> => {
  const question = run?.question
  // Answered meanwhile, or of a process that is gone: the product says so, and the next pass looks again.
  if (question?.state === 'open')
    await call(product, `/api/questions/${encodeURIComponent(question.id)}/answers`, {
      body: { by: 'T0SIGNAL/U0APPROVER', verdict: 'approve' },
    })
}

const mlflow = (product: Product, path: string, body?: unknown): Promise<Record<string, unknown>> =>
  call(product, `/api/2.0/mlflow/${path}`, body === undefined ? {} : { body })

const versions = async (product: Product): Promise<{ version: string; source: string }[]> => {
  const filter = encodeURIComponent(`name='${MODEL}'`)
  const found = await mlflow(product, `model-versions/search?filter=${filter}`)
  return (found['model_versions'] ?? []) as { version: string; source: string }[]
}

const newest = async (product: Product, wanted: (source: string) => boolean): Promise<string> => {
  const found = (await versions(product)).find(({ source }) => wanted(source))
  if (found === undefined) throw new Error('the registry has no such version')
  return found.version
}

/** A version that is slow and errs, registered once a round. */
const worse = async (product: Product, round: number): Promise<string> => {
  const prefix = `models/worse-${round}/`
  const folder = join(product.dataDir, 'buckets/acme-results', prefix)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'config.json'), '{}')
  const metrics = { health: 1, p95_ms: 5200, error_rate: 0.2 }
  writeFileSync(join(folder, 'simulation.json'), JSON.stringify({ metrics }))
  const source = `s3://acme-results/${prefix}`
  const known = (await versions(product)).find((version) => version.source === source)
  if (known !== undefined) return known.version
  const made = await mlflow(product, 'model-versions/create', { name: MODEL, source })
  return (made['model_version'] as { version: string }).version
}

const promote = async (product: Product, version: string): Promise<void> => {
  await mlflow(product, 'registered-models/alias', { name: MODEL, alias: 'champion', version })
}
