import { door } from '../../model-promoted.ts'
import { lambda } from '../lambda.ts'
import { reactPorts } from '../react.ts'

export const handler = lambda(door, door.handler(reactPorts()))
