import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { openEventBridge } from '../../effects/bus/eventbridge-bus.ts'
import type { Bus } from '../../flows/ports.ts'
import type { Settings } from './settings.ts'
import { CALL } from './state.ts'

export const busOf = ({ bus }: Settings): Bus =>
  openEventBridge({ client: new EventBridgeClient({ requestHandler: CALL }), bus })
