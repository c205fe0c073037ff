import type { Replies } from '../../flows/ports.ts'

export interface SlackRepliesOptions {
  /** Of its one try, milliseconds. */
  deadline: number
  /** Where Slack takes replies; its own two places unless told. */
  hosts?: readonly string[]
}

/** The commercial and the government Slack. Anything else is not called, whoever asks for it. */
const HOSTS = ['https://hooks.slack.com', 'https://hooks.slack-gov.com']

/** Replies that only one person sees, by the `response_url` of their press: good for half an hour, and without a token. */
export const openSlackReplies = ({ deadline, hosts = HOSTS }: SlackRepliesOptions): Replies => ({
  say: async (to, text) => {
    if (!URL.canParse(to) || !hosts.includes(new URL(to).origin)) return
    // Without `replace_original` it would take the place of the card for everybody.
    const body = JSON.stringify({ response_type: 'ephemeral', replace_original: false, text })
    const headers = { 'content-type': 'application/json; charset=utf-8' }
    const options = { method: 'POST', headers, body, redirect: 'error' as const }
    await fetch(to, { ...options, signal: AbortSignal.timeout(deadline) }).catch(() => undefined)
  },
})
