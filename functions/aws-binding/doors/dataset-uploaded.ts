import { door } from '../../dataset-uploaded.ts'
import { lambda } from '../lambda.ts'
import { reactPorts } from '../react.ts'

const ports = reactPorts()
export const handler = lambda(door, async (event: unknown) => door.handler(await ports)(event))
