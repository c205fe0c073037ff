import { answerTo, type Left } from '../flows/letters.ts'
import type { Clock, Policies } from '../flows/ports.ts'
import { whyOf } from '../flows/why.ts'
import { CATALOGUES } from '../functions/door.ts'
import { deliverThrough, httpDoors, isSelected, noticeThrough } from './doors.ts'
import type { House } from './house-type.ts'
import { listeners } from './listeners.ts'
import { imaginedObjects } from './objects/imagined-objects.ts'
import { onTerminal } from './on-terminal.ts'
import { type HouseOptions, openParts, type Parts } from './parts.ts'
import { commandOn, planOnPaper, pressButton, pressed, type Wait } from './person.ts'
import { tellsWhenNotInForce } from './policies/not-in-force.ts'
import { turning } from './turning.ts'

/** The product on one machine, with the handles of what stands for the outside. */
export interface LocalHouse extends House, Omit<Parts, 'ports' | 'queue' | 'claimed'> {
  clock: Clock
  /** Does everything that is due at or before now; answers when the next thing is due (ms), or null. */
  advance(): Promise<number | null>
  /** Called when something came in from outside that may be due at once; answers the way to stop. */
  onInput(listener: () => void): () => void
  /** Uploads that appeared in the buckets since the last look, each through its door. */
  scanUploads(): Promise<void>
}

/** The registry's routes when the registry is a real one. */
const ELSEWHERE = {
  status: 404,
  body: {
    error_code: 'ENDPOINT_NOT_FOUND',
    message: 'the registry is the MLflow server that --mlflow names: ask there',
  },
}

/** Opens the house on its stores: another house may have died on them at any moment before. */
export const openHouse = async (given: HouseOptions): Promise<LocalHouse> => {
  const onError = given.onError ?? ((what, error) => onTerminal(what, error, { isBug: true }))
  const options: HouseOptions = { ...given, onError }
  const { stores, clock, secrets } = options
  const [changes, inputs] = [listeners(), listeners()]
  const { queue, ...parts } = await openClaimed(options, (route, request) => house.webhook(route, request))
  const { ports, objects, cluster, chat } = parts
  const time = await turning({ ...parts, queue }, options, { changed: changes.tell, woken: inputs.tell })
  const lookAtPolicy = policyLook(ports.policies, changes.tell, onError)
  const wait = foldedOr(queue, ports)
  const arrived = <T>(answer: T): T => {
    changes.tell()
    inputs.tell()
    return answer
  }
  const house: LocalHouse = {
    ...parts,
    clock,
    dataDir: stores.dataDir,
    advance: () => lookAtPolicy().then(time.advance),
    scanUploads: () =>
      objects.scan(async (event) => {
        if (isSelected(event)) await house.deliver(event)
      }),
    deliver: async (event) => arrived(await deliverThrough(ports, event, wait)),
    notice: async (message) => arrived(await noticeThrough(ports, message)),
    webhook: async (route, request) => arrived(await httpDoors(ports).answerHttp(route, request)),
    mlflow: async (method, path, input) =>
      given.registry === undefined ? arrived(await parts.registry.rest(method, path, input)) : ELSEWHERE,
    answer: async (question, answer) => arrived(await pressed(await pressButton(house, question, answer), wait)),
    command: async (command) => arrived(await commandOn(ports, command, wait)),
    why: (lane) => whyOf(ports, lane, CATALOGUES),
    planOnPaper: (event, imagined = []) =>
      planOnPaper({ ...ports, objects: imaginedObjects(ports.objects, imagined, clock) }, event),
    onChange: changes.listen,
    onInput: inputs.listen,
    cards: () => chat.cards(),
    secrets: () => tokensOf(secrets),
    close: async () => {
      await time.stop()
      await queue.close()
      await cluster.close()
    },
  }
  return house
}

/** Looks whether an edit of the policy took force: the page and the terminal are told once when it did not, and when it does again. */
const policyLook = (policies: Policies, changed: () => void, onError: NonNullable<HouseOptions['onError']>) =>
  tellsWhenNotInForce(policies, (sentence) => {
    changed()
    onError('the policy', new Error(sentence ?? 'the file is in force again'))
  })

/** What stands behind the ports, once this ledger is the one that acts in its namespaces; else nothing is left open. */
const openClaimed = async (...given: Parameters<typeof openParts>): Promise<Omit<Parts, 'claimed'>> => {
  const { claimed, ...parts } = await openParts(...given)
  await claimed().catch(async (error: unknown) => {
    await parts.queue.close()
    await parts.cluster.close()
    throw error
  })
  return parts
}

const tokensOf = async (secrets: HouseOptions['secrets']): ReturnType<House['secrets']> => ({
  mlflow: await secrets.get('mlflow-webhook'),
  alerts: await secrets.get('alert-webhook'),
  slack: await secrets.get('slack-signing'),
  token: await secrets.get('token'),
})

/** How long whoever brings something waits to hear what it became, in real milliseconds. */
const PATIENCE = 10_000

/** Until a lane has folded a letter, or for so long: a far side may keep it from looking. */
const foldedOr =
  (queue: Parts['queue'], ports: Parts['ports']): Wait =>
  async (left: Left) => {
    await within(PATIENCE, queue.settled(left.lane))
    return answerTo(ports, left)
  }

/** Until that is over, or for so many milliseconds. */
const within = async (milliseconds: number, over: Promise<void>): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, milliseconds).unref()
  await Promise.race([over, promise]).finally(() => clearTimeout(timer))
}
