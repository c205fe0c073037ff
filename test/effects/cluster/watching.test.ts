import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import { expect, it } from 'vitest'
import { openRequests } from '../../../effects/cluster/requests.ts'
import { openWatch } from '../../../effects/cluster/watching.ts'

/** An API server that has just started again: it knows nothing of what happened before its revision 9. */
const forgetful = async () => {
  const asked: string[] = []
  const job = (name: string) => ({ metadata: { name, uid: name, resourceVersion: '8', labels: { lane: 'l' } } })
  const server = createServer((request, response) => {
    const { searchParams: query } = new URL(request.url ?? '', 'http://server')
    const [watch, from] = [query.get('watch'), query.get('resourceVersion')]
    const isFirst = asked.length === 0
    asked.push(watch === null ? `list ${query.get('labelSelector')}` : `watch from ${from}`)
    if (watch === null)
      return void response.end(
        JSON.stringify(
          isFirst
            ? { metadata: { resourceVersion: '5' }, items: [job('a'), job('z')] }
            : { metadata: { resourceVersion: '9' }, items: [job('a'), job('b')] },
        ),
      )
    response.writeHead(200)
    const event = Number(from) < 9 ? { type: 'ERROR', object: { code: 410 } } : { type: 'ADDED', object: job('c') }
    response.write(`${JSON.stringify(event)}\n`)
    if (Number(from) < 9) response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const config = new KubeConfig()
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  config.loadFromClusterAndUser({ name: 'c', server: url, skipTLSVerify: true }, { name: 'c', token: 't' })
  const close = (): void => {
    server.closeAllConnections()
    server.close()
  }
  return { config, asked, close }
}

it('a server that has forgotten what happened since: what is there now is told as changed, what is not as gone', async () => {
  const { config, asked, close } = await forgetful()
  const requests = await openRequests(config)
  const told: string[] = []
  const all = Promise.withResolvers<void>()
  const watching = await openWatch({
    config,
    requests,
    kinds: ['Job'],
    where: { labels: { lane: 'l' } },
    onChange: ({ type, object }) => {
      told.push(`${type} ${object.kind} ${object.metadata.name}`)
      if (told.length === 4) all.resolve()
    },
  })
  await all.promise
  watching.stop()
  expect(told).toEqual(['DELETED Job z', 'MODIFIED Job a', 'MODIFIED Job b', 'ADDED Job c'])
  expect(asked).toEqual(['list lane=l', 'watch from 5', 'list lane=l', 'watch from 9'])
  await requests.close()
  close()
})
