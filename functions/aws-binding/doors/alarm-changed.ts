import { door } from '../../alarm-changed.ts'
import { lambda } from '../lambda.ts'
import { reactPorts } from '../react.ts'

export const handler = lambda(door, door.handler(reactPorts()))
