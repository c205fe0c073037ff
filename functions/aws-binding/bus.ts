import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { openEventBridge } from '../../effects/bus/eventbridge-bus.ts'
import type { Bus } from '../../flows/ports.ts'
import { PATIENT, type Patience } from './patience.ts'
import type { Settings } from './settings.ts'

export const busOf = ({ bus }: Settings, patience: Patience = PATIENT): Bus =>
  openEventBridge({ client: new EventBridgeClient(patience), bus })
