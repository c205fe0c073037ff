import { modelOf, type Policy } from '../core/policy.ts'

/** Why the story cannot be played under a policy: it is told of one bucket and two lanes; null when it can. */
export const tourNeeds = ({ pipelines, services }: Policy): string | null => {
  const [trains, serves] = [pipelines['support-chats'], services['support-llama']]
  const { bucket, prefix, manifest } = trains?.on.dataset ?? {}
  const isTold = bucket === 'acme-datasets' && prefix === 'support-chats/' && manifest === 'manifest.json'
  if (trains === undefined || serves === undefined || !isTold)
    return 'the tour tells of the example policy: it needs the pipeline `support-chats` on the bucket `acme-datasets` and the service `support-llama`'
  const model = modelOf('support-llama', serves)
  const wrong = [
    [
      trains.register?.model !== model,
      `\`support-chats\` registers versions of \`${model}\`, which \`support-llama\` serves`,
    ],
    [serves.alias !== 'champion', '`support-llama` serves what has the alias `champion`'],
    [trains.mode === 'shadow' || serves.mode === 'shadow', 'neither is in `shadow`'],
  ].flatMap(([is, what]) => (is ? [what] : []))
  return wrong.length === 0 ? null : `the tour tells of the example policy, and in that ${wrong.join(', and ')}`
}
