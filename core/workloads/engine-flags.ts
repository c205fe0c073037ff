import type { ServicePolicy } from '../policy.ts'

const ALL_GPUS = 'a replica’s GPUs are used tensor parallel, all of them: say `gpusPerReplica`, and leave it out here'

/** Flags of vLLM that say what the policy says elsewhere or what is ours: further arguments come later, and would win. */
const SAID: Readonly<Record<string, string>> = {
  'max-model-len': 'say `maxModelLen`, which is judged and shown, and leave it out here',
  'tensor-parallel-size': ALL_GPUS,
  tp: ALL_GPUS,
  'pipeline-parallel-size': ALL_GPUS,
  pp: ALL_GPUS,
  'data-parallel-size': ALL_GPUS,
  dp: ALL_GPUS,
  port: 'it is asked on a port of ours: leave it out',
  'served-model-name': 'it is served by the name of its model: leave it out',
  model: 'which weights it serves, the registry says: leave it out',
  'shutdown-timeout': 'how long it has for requests in flight is ours: leave it out',
}

/** Arguments of a service that would make its engine do other than what its plan says. */
export const engineFlagWrongs = ({ args }: Pick<ServicePolicy, 'args'>): { at: number; why: string }[] =>
  args.flatMap((one, at) => {
    const [, flag = ''] = /^--?([A-Za-z_-]+)(=|$)/.exec(one) ?? []
    const name = flag.replaceAll('_', '-')
    return Object.hasOwn(SAID, name) ? [{ at, why: `found \`${one.split('=')[0]}\`: ${SAID[name]}` }] : []
  })
