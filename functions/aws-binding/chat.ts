import { openSlack } from '../../effects/chat/slack-chat.ts'
import type { ManagedSecrets } from '../../effects/secrets/secrets-manager.ts'
import type { Ledger } from '../../flows/ledger-port.ts'
import type { Chat } from '../../flows/ports.ts'
import { FAR } from './patience.ts'
import { clock } from './state.ts'

export const chatOf = (ledger: Ledger, secrets: ManagedSecrets): Chat =>
  openSlack({ token: () => secrets.get('slack-bot-token'), ledger, clock, ...FAR })
