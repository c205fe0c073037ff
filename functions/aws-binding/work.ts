import type { WorkPorts } from '../../flows/ports.ts'
import { busOf } from './bus.ts'
import { chatOf } from './chat.ts'
import { reactPorts } from './react.ts'
import { settingsOf } from './settings.ts'
import { secretsOf } from './state.ts'

/** The ports of a door that carries out or heals. */
export const workPorts = async (): Promise<WorkPorts> => {
  const settings = settingsOf()
  const ports = await reactPorts()
  return { ...ports, bus: busOf(settings), chat: chatOf(ports.ledger, secretsOf(settings)) }
}
