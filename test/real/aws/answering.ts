import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A stand-in for a far side that no server here imitates: it gives the answers that a test has put into it. */
export interface Answering {
  url: string
  /** What it was asked, as `METHOD /path`. */
  asked: string[]
  /** What it says of a path. Null: it says, as AWS does, that there is no such thing. */
  answer: (path: string) => Said | null
  close(): Promise<void>
}

export interface Said {
  body: unknown
  headers?: Record<string, string>
}

export const openAnswering = async (name: string): Promise<Answering> => {
  const server = createServer((request, response) => {
    standIn.asked.push(`${request.method} ${request.url}`)
    const said = standIn.answer(request.url ?? '')
    const { body, headers = {} } = said ?? { body: { message: `${name} knows no ${request.url}` } }
    const error = said === null ? { 'x-amzn-errortype': 'ResourceNotFoundException' } : {}
    response.writeHead(said === null ? 404 : 200, {
      'content-type': 'application/json',
      ...error,
      ...headers,
    })
    response.end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const standIn: Answering = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    answer: () => null,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return standIn
}
