import { openDynamoLedger } from '../../effects/ledger/dynamo-ledger.ts'
import { openSqsQueue } from '../../effects/queue/sqs-queue.ts'
import { identityOf } from '../../flows/identity.ts'
import { unique } from '../../functions/unique.ts'
import { openDynamoDb } from '../../test/real/aws/dynamodb.ts'
import { openSqs } from '../../test/real/aws/sqs.ts'
import { roundTrips } from '../round-trips.ts'
import { COUNTED } from '../rounds.ts'

const ELSEWHERE = COUNTED.filter((port) => port !== 'ledger' && port !== 'queue')

/**
 * The same round trips where the ledger is DynamoDB's effect and wakes are sent to SQS: each request of their clients is one, so
 * that an effect which asks twice for one call is seen. The wake is then handed over here: the queue's delivery does not count.
 */
export const roundTripsInAws = async (): Promise<string[]> => {
  const [dynamo, sqs] = await Promise.all([openDynamoDb(() => undefined), openSqs()])
  const [client, sender] = [dynamo.client(), sqs.client()]
  try {
    return await roundTrips({
      over: ', on DynamoDB and SQS',
      read: ['dynamodb', 'BatchGetItem'],
      open: async () => {
        const table = await dynamo.table()
        // Who the ledger is was written down long ago.
        await identityOf(openDynamoLedger({ client, table, clock: { now: () => 0 } }), { mint: unique, now: 0 })
        return (ports, rounds) => {
          const sent = openSqsQueue({ client: rounds.client('sqs', sender), url: sqs.url })
          return {
            ...rounds.wrap(ports, ELSEWHERE),
            ledger: openDynamoLedger({ client: rounds.client('dynamodb', client), table, clock: ports.clock }),
            queue: {
              wake: async (group, id) => {
                await sent.wake(group, id)
                await ports.queue.wake(group, id)
              },
            },
          }
        }
      },
    })
  } finally {
    for (const one of [client, sender]) one.destroy()
    await Promise.all([dynamo.close(), sqs.close()])
  }
}
