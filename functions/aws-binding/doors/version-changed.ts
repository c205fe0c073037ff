import { door } from '../../version-changed.ts'
import { lambda } from '../lambda.ts'
import { reactPorts } from '../react.ts'

export const handler = lambda(door, door.handler(reactPorts()))
