import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A stand-in for a far side that no server here imitates: it gives the one answer that a test has put into it. */
export interface Answering {
  url: string
  /** What it was asked, as `METHOD /path`. */
  asked: string[]
  /** Nothing yet: it says, as AWS does, that there is no such thing. */
  answer: { body: unknown; headers?: Record<string, string> } | null
  close(): Promise<void>
}

export const openAnswering = async (name: string): Promise<Answering> => {
  const server = createServer((request, response) => {
    standIn.asked.push(`${request.method} ${request.url}`)
    const { body, headers = {} } = standIn.answer ?? { body: { message: `${name} knows no ${request.url}` } }
    const error = standIn.answer === null ? { 'x-amzn-errortype': 'ResourceNotFoundException' } : {}
    response.writeHead(standIn.answer === null ? 404 : 200, {
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
    answer: null,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return standIn
}
