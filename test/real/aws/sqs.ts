import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { DeleteMessageCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { SqsRecord } from '../../../effects/queue/sqs-consumer.ts'

/** SQS knows an id for so long after it was first taken. Milliseconds. */
const KNOWN_FOR = 5 * 60_000
const LEGAL = /^[\x21-\x7e]{1,128}$/

/** A message as the stand-in keeps it. Times are milliseconds. */
interface Kept {
  id: string
  group: string
  known: string
  body: string
  sentAt: number
  received: number
  /** In flight until then. */
  hiddenUntil: number
  /** Of its last delivery. */
  handle: string
}

type Input = Record<string, unknown>
interface Asked {
  input: Input
  until: number
  answer(messages: Kept[]): void
}

/**
 * A stand-in of one SQS FIFO queue over HTTP, with the rules that bite (facts: SQS FIFO as work queue): an id is known for five
 * minutes from when it was first taken, a group at a time, also after the delete; a group is locked while a message of it is in
 * flight, and goes on in order; a late delete is refused; ids and groups have SQS's syntax; the queue of the dead frees the group.
 * Its time is the test's. Everything else that SQS can do it refuses.
 */
export interface Sqs {
  url: string
  client(): SQSClient
  /** Lets that much time go by. */
  pass(ms: number): void
  /** Whether a receive would be given something now. */
  hasWork(): boolean
  /** Messages handed out so far, each delivery counted. */
  handedOut(): number
  /** Groups of the messages that died, in order. */
  dead: string[]
  close(): Promise<void>
}

export interface SqsOptions {
  /** Seconds. */
  visibility?: number
  maxReceiveCount?: number
}

const refusal = (name: string, message: string) => Object.assign(new Error(message), { name })
const invalid = (name: string, value: unknown, reason: string) =>
  refusal('InvalidParameterValue', `Value ${String(value)} for parameter ${name} is invalid. Reason: ${reason}.`)

export const openSqs = async ({ visibility = 360, maxReceiveCount = 5 }: SqsOptions = {}): Promise<Sqs> => {
  let now = Date.UTC(2026, 10, 28)
  let out = 0
  const groups = new Map<string, Kept[]>()
  const known = new Map<string, { id: string; until: number }>()
  const handles = new Map<string, Kept>()
  const waiting = new Set<Asked>()
  const dead: string[] = []

  const isInFlight = ({ hiddenUntil }: Kept): boolean => hiddenUntil > now
  /** Only the first ten of a group can be in flight. */
  const isFree = (messages: Kept[]): boolean => !messages.slice(0, 10).some(isInFlight)
  const remove = ({ group, id }: Kept): void => {
    const messages = groups.get(group) ?? []
    const at = messages.findIndex((one) => one.id === id)
    if (at !== -1) messages.splice(at, 1)
    if (messages.length === 0) groups.delete(group)
  }
  const bury = (): void => {
    for (const [group, messages] of groups) {
      while (isFree(messages) && (messages[0]?.received ?? 0) >= maxReceiveCount) {
        messages.shift()
        dead.push(group)
      }
      if (messages.length === 0) groups.delete(group)
    }
  }
  const hasWork = (): boolean => {
    bury()
    return [...groups.values()].some(isFree)
  }

  const take = ({ MaxNumberOfMessages = 1, VisibilityTimeout = visibility }: Input): Kept[] => {
    bury()
    const taken: Kept[] = []
    for (const messages of [...groups.values()].filter(isFree))
      taken.push(...messages.slice(0, Number(MaxNumberOfMessages) - taken.length))
    for (const message of taken) {
      message.received += 1
      message.hiddenUntil = now + Number(VisibilityTimeout) * 1000
      message.handle = `${message.id}.${message.received}`
      handles.set(message.handle, message)
    }
    out += taken.length
    return taken
  }

  /** Whoever waits is given what can be had, or nothing when the wait is over. */
  const serve = (): void => {
    for (const asked of waiting) {
      if (!hasWork() && asked.until > now) continue
      waiting.delete(asked)
      asked.answer(take(asked.input))
    }
  }

  const inFlight = (handle: unknown): Kept => {
    const message = handles.get(String(handle))
    if (message === undefined) throw refusal('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.')
    if (message.handle !== handle || !isInFlight(message))
      throw invalid('ReceiptHandle', handle, 'The receipt handle has expired')
    return message
  }

  const send = ({ MessageGroupId: group, MessageDeduplicationId: id, MessageBody, DelaySeconds }: Input): object => {
    for (const [name, value] of Object.entries({ MessageGroupId: group, MessageDeduplicationId: id }))
      if (!LEGAL.test(String(value ?? '')))
        throw invalid(name, value, 'it can only include alphanumeric and punctuation characters, 1 to 128 in length')
    if (DelaySeconds !== undefined)
      throw invalid('DelaySeconds', DelaySeconds, 'The request include parameter that is not valid for this queue type')
    const body = String(MessageBody ?? '')
    if (body === '') throw refusal('MissingParameter', 'The request must contain the parameter MessageBody.')
    const name = `${group}\n${id}`
    const before = known.get(name)
    const isKnown = before !== undefined && before.until > now
    const messageId = isKnown ? before.id : randomUUID()
    if (!isKnown) {
      known.set(name, { id: messageId, until: now + KNOWN_FOR })
      const message = { id: messageId, group: String(group), known: String(id), body, sentAt: now }
      const kept: Kept = { ...message, received: 0, hiddenUntil: 0, handle: '' }
      const messages = groups.get(kept.group)
      if (messages === undefined) groups.set(kept.group, [kept])
      else messages.push(kept)
      serve()
    }
    return { MessageId: messageId, MD5OfMessageBody: md5(body) }
  }

  const actions: Record<string, (input: Input) => object | Promise<object>> = {
    SendMessage: send,
    ReceiveMessage: (input) =>
      new Promise((resolve) => {
        const answer = (messages: Kept[]) => resolve({ Messages: messages.map(toldOf) })
        waiting.add({ input, until: now + Number(input['WaitTimeSeconds'] ?? 0) * 1000, answer })
        serve()
      }),
    DeleteMessage: ({ ReceiptHandle }) => {
      remove(inFlight(ReceiptHandle))
      serve()
      return {}
    },
    ChangeMessageVisibility: ({ ReceiptHandle, VisibilityTimeout }) => {
      const seconds = Number(VisibilityTimeout)
      if (!(seconds >= 0 && seconds <= 43_200))
        throw invalid('VisibilityTimeout', seconds, 'Must be between 0 and 43200')
      inFlight(ReceiptHandle).hiddenUntil = now + seconds * 1000
      serve()
      return {}
    },
  }

  const server = createServer(answering(actions))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: `${endpoint}/111122223333/wakes.fifo`,
    client: () =>
      new SQSClient({
        endpoint,
        region: 'eu-central-1',
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
        // A flood comes from many senders, and the consumer has its share beside them.
        requestHandler: { httpAgent: { maxSockets: 500, keepAlive: true }, socketAcquisitionWarningTimeout: 600_000 },
      }),
    pass: (ms) => {
      now += ms
      serve()
    },
    hasWork,
    handedOut: () => out,
    dead,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

const toldOf = ({ id, group, known, body, sentAt, received, handle }: Kept): Message => ({
  MessageId: id,
  ReceiptHandle: handle,
  Body: body,
  MD5OfBody: md5(body),
  Attributes: {
    MessageGroupId: group,
    MessageDeduplicationId: known,
    SentTimestamp: String(sentAt),
    ApproximateReceiveCount: String(received),
  },
})

/** AWS's JSON protocol: the action is a header, an error a type. */
const answering =
  (actions: Record<string, (input: Input) => object | Promise<object>>) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const action = String(request.headers['x-amz-target']).replace('AmazonSQS.', '')
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body))
    }
    try {
      const input = (await json(request)) as Input
      const act = actions[action]
      if (act === undefined) throw refusal('UnsupportedOperation', `the stand-in has no ${action}`)
      answer(200, await act(input))
    } catch (error) {
      const { name, message } = error as Error
      answer(400, { __type: `com.amazonaws.sqs#${name}`, message })
    }
  }

/**
 * What Lambda's event source mapping does: receives, calls the function with one message, deletes it when that went well, and
 * leaves it when it did not.
 */
export const openMapping = (
  sqs: Sqs,
  handler: (event: { Records: SqsRecord[] }) => Promise<unknown>,
  { concurrency = 20 } = {},
) => {
  const client = sqs.client()
  const QueueUrl = sqs.url
  let [closed, ended] = [false, 0]
  const failures: unknown[] = []
  const receive = new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20, MessageSystemAttributeNames: ['All'] })
  const invoke = async (message: Message): Promise<void> => {
    try {
      await handler({ Records: [recordOf(message)] })
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }))
    } catch (error) {
      failures.push(error)
    }
    ended += 1
  }
  const poll = async (): Promise<void> => {
    while (!closed) {
      const { Messages = [] } = await client.send(receive).catch(() => ({}) as { Messages?: Message[] })
      for (const message of Messages) await invoke(message)
    }
  }
  const polling = Array.from({ length: concurrency }, poll)
  return {
    /** Messages that were handed out and are not done with, in the mapping's own view. */
    inHand: (): number => sqs.handedOut() - ended,
    failures,
    /** Receives nothing more; resolves when the last has ended. */
    close: async (): Promise<void> => {
      closed = true
      await sqs.close()
      await Promise.all(polling)
      client.destroy()
    },
  }
}

const recordOf = ({ MessageId = '', ReceiptHandle = '', Attributes = {} }: Message): SqsRecord => ({
  messageId: MessageId,
  receiptHandle: ReceiptHandle,
  attributes: { ApproximateReceiveCount: '', ...Attributes },
})
