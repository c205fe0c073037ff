import { config } from './configurations.ts'
import type { Config, Fault } from './state.ts'

const FAULTS: readonly Fault[] = ['death', 'lost', 'late', 'overlap', 'unavailable', 'lag', 'refused', 'bug', 'torn']
/** What leaves most behind of an invocation: dead, with a write on its way, with another beside it. */
const WORST: readonly Fault[] = ['death', 'late', 'overlap']

const most = (faults: number, doings: number): Config['most'] => ({ faults, doings })

/** Small worlds: a second or two each. */
export const small: readonly Config[] = [
  config({ name: 'two things go wrong', faults: FAULTS.filter((fault) => fault !== 'lag'), most: most(2, 0) }),
  config({
    name: 'a question, and two things are said',
    asks: true,
    doings: ['newer', 'yes', 'no', 'old-yes', 'slow-yes', 'cancel', 'retry', 'freeze', 'changed', 'revoked', 'room'],
    most: most(0, 2),
  }),
]

/** Larger worlds, for the slow lane: some minutes together. */
export const large: readonly Config[] = [
  config({
    name: 'a rollout is stopped by something newer that is asked about',
    kind: 'standing',
    asks: 'later',
    doings: ['newer', 'no', 'cancel', 'cancel-wanted', 'refuses'],
    most: most(0, 2),
  }),
  config({
    name: 'a rollout, a death, and one thing happens',
    kind: 'standing',
    faults: ['death'],
    doings: ['newer', 'poor'],
    most: most(1, 1),
  }),
  config({
    name: 'a training is wanted anew, and somebody says no',
    asks: 'later',
    doings: ['retry-from', 'no', 'retry'],
    most: most(0, 3),
  }),
  config({
    name: 'a first rollout is stopped by something newer that is asked about',
    kind: 'standing',
    serves: false,
    asks: 'later',
    doings: ['newer', 'no', 'cancel', 'cancel-wanted', 'refuses'],
    most: most(0, 2),
  }),
  config({
    name: 'a judged training, two at once, and one thing happens',
    steps: 'judged',
    retries: 1,
    faults: ['overlap'],
    doings: ['cancel', 'lost-node'],
    most: most(1, 1),
  }),
  config({ name: 'three things go wrong', faults: FAULTS, most: most(3, 0) }),
  config({
    name: 'two things go wrong with a rollout',
    kind: 'standing',
    faults: FAULTS,
    doings: ['cancel'],
    most: most(2, 0),
  }),
  config({
    name: 'a training, whatever goes wrong and whatever is said',
    faults: FAULTS,
    doings: ['newer', 'back-again', 'again', 'half', 'cancel', 'retry', 'freeze', 'thaw', 'room', 'deleted', 'away'],
    most: most(1, 1),
  }),
  config({
    name: 'a question, one fault, and two things are said',
    asks: true,
    faults: FAULTS,
    doings: [
      'newer',
      'yes',
      'no',
      'old-yes',
      'cancel',
      'retry',
      'freeze',
      'thaw',
      'changed',
      'revoked',
      'shadow',
      'gone',
      'refuses',
      'restore',
      'room',
    ],
    most: most(1, 2),
  }),
  config({
    name: 'a question, and three things are said',
    asks: true,
    doings: ['yes', 'slow-yes', 'newer', 'back-again', 'cancel', 'retry', 'long-freeze', 'room'],
    most: most(0, 3),
  }),
  config({
    name: 'something newer lets what runs finish',
    onNewer: 'finish',
    faults: WORST,
    doings: ['newer', 'other-place', 'cancel', 'cancel-wanted', 'room'],
    most: most(1, 2),
  }),
  config({
    name: 'what runs is wanted again, and something else was in between',
    onNewer: 'finish',
    retries: 1,
    doings: ['newer', 'back-again', 'cancel', 'lost-node'],
    most: most(0, 3),
  }),
  config({
    name: 'something newer stops what runs',
    faults: WORST,
    doings: ['newer', 'back-again', 'cancel', 'retry'],
    most: most(1, 2),
  }),
  config({
    name: 'a judged training, one fault, and two things happen',
    steps: 'judged',
    retries: 1,
    faults: ['late', 'overlap', 'refused'],
    doings: ['cancel', 'retry', 'retry-from', 'lost-node', 'poor', 'cleaned'],
    most: most(1, 2),
  }),
  config({
    name: 'a judged training, and two things happen to what it makes',
    steps: 'judged',
    retries: 1,
    doings: ['newer', 'cancel', 'retry', 'bad', 'lost-node', 'poor', 'deleted', 'cleaned', 'taken-name'],
    most: most(0, 2),
  }),
  config({
    name: 'a training that reaches its bound',
    asks: true,
    priced: true,
    retries: 1,
    faults: ['death'],
    doings: ['yes', 'retry', 'cancel', 'lost-node'],
    most: most(1, 2),
  }),
  config({
    name: 'a rollout, one fault, and one thing happens',
    kind: 'standing',
    retries: 1,
    faults: FAULTS,
    doings: ['newer', 'back-again', 'cancel', 'poor', 'scaled', 'deleted', 'freeze', 'changed', 'away'],
    most: most(1, 1),
  }),
  config({
    name: 'a rollout, and two things happen',
    kind: 'standing',
    retries: 1,
    doings: ['newer', 'back-again', 'cancel', 'poor', 'scaled', 'bad', 'retry', 'freeze', 'changed', 'deleted'],
    most: most(0, 2),
  }),
  config({
    name: 'a rollout that is asked about, and three things happen',
    kind: 'standing',
    asks: true,
    retries: 1,
    doings: ['yes', 'newer', 'back-again', 'cancel', 'scaled', 'revoked'],
    most: most(0, 3),
  }),
  config({
    name: 'a judged training is wanted anew, and somebody says no',
    steps: 'judged',
    asks: 'later',
    doings: ['retry-from', 'no', 'yes', 'retry', 'poor', 'cleaned'],
    most: most(0, 3),
  }),
  config({
    name: 'a rollout is stopped by something newer, and a fault and two things happen',
    kind: 'standing',
    asks: 'later',
    faults: WORST,
    doings: ['newer', 'no', 'cancel', 'cancel-wanted'],
    most: most(1, 2),
  }),
  config({
    name: 'a rollout is stopped by something newer, and three things happen',
    kind: 'standing',
    asks: 'later',
    doings: ['newer', 'back-again', 'yes', 'no', 'cancel', 'cancel-wanted', 'refuses', 'poor'],
    most: most(0, 3),
  }),
  config({
    name: 'a first rollout is stopped by something newer, and three things happen',
    kind: 'standing',
    serves: false,
    asks: 'later',
    doings: ['newer', 'back-again', 'no', 'cancel', 'cancel-wanted', 'refuses', 'poor'],
    most: most(0, 3),
  }),
]
