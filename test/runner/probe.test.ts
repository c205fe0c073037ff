import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { judge } from '../../core/result.ts'
import { freePorts } from '../../local/rig/processes.ts'
import { BUCKET, openTown, type StartOptions, type Town } from './runner.ts'

let town: Town
let url: string
let answers: (res: ServerResponse, prompt: string) => void
const server = createServer(async (req: IncomingMessage, res) => {
  if (req.url === '/health') return void res.end()
  if (req.url === '/v1/models') return void res.end(JSON.stringify({ data: [{ id: 'support-llama' }] }))
  let body = ''
  for await (const chunk of req) body += chunk
  answers(res, JSON.parse(body).messages?.[0]?.content ?? '')
})
beforeAll(async () => {
  town = await openTown()
  const [port] = await freePorts(1)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${port}`
})
afterAll(async () => {
  server.close()
  await town?.close()
})

const stream = (res: ServerResponse, ...pieces: string[]): void => {
  for (const content of pieces) res.write(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`)
  res.end('data: [DONE]\n\n')
}
const gate = (lane: string, env: Record<string, string> = {}): StartOptions => ({
  lane,
  args: ['probe'],
  env: { TARGET_URL: url, SERVED_MODEL: 'support-llama', METRICS: 'health,p95_ms,error_rate', ...env },
})

it('asks what serves, and its numbers are a result that a gate is judged by', async () => {
  answers = (res, prompt) =>
    prompt.includes('France') ? stream(res, 'It is ', 'Paris', '.') : stream(res, 'no ', 'idea')
  const prompts = [
    { prompt: 'Capital of France?', contains: ['paris'] },
    { prompt: 'Capital of Peru?', contains: ['lima'] },
  ]
  await town.put('golden/questions.json', JSON.stringify({ prompts, requests: 10 }))
  const ended = await town.run(gate('service-a', { SIGNALBOX_QUESTIONS: `s3://${BUCKET}/golden/questions.json` }))
  expect(ended.code, ended.said).toBe(0)
  const read = await town.result('service-a', 1)
  if (read?.ok !== true) throw new Error(JSON.stringify(read))
  expect(read.result.metrics).toMatchObject({
    health: 1,
    model_listed: 1,
    error_rate: 0,
    golden_rate: 0.5,
    requests: 10,
  })
  expect(judge([{ metric: 'p95_ms', op: '<=', value: 5000 }], read.result.metrics).passed).toBe(true)
  expect(judge([{ metric: 'golden_rate', op: '>=', value: 0.9 }], read.result.metrics).passed).toBe(false)
})

it('a server that fails is a result, and nobody there is none', async () => {
  answers = (res) => void res.writeHead(500).end()
  expect(await town.run(gate('service-b'))).toMatchObject({ code: 0 })
  expect(await town.result('service-b', 1)).toMatchObject({
    ok: true,
    result: { metrics: { health: 1, error_rate: 1 } },
  })
  const [nobody] = await freePorts(1)
  const env = { TARGET_URL: `http://127.0.0.1:${nobody}`, SIGNALBOX_QUESTIONS: '{"waitSeconds":1}' }
  expect(await town.run(gate('service-c', env))).toMatchObject({
    code: 75,
    message: expect.stringContaining('nobody answers'),
  })
  expect(await town.result('service-c', 1)).toBeNull()
})

it('a figure that nobody measures is said before anybody is asked', async () => {
  expect(await town.run(gate('service-d', { METRICS: 'health,bleu' }))).toMatchObject({
    code: 42,
    message: expect.stringContaining('no probe measures "bleu"'),
  })
})
