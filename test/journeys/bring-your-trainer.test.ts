import { afterEach, expect, it } from 'vitest'
import example from '../../examples/bring-your-trainer.config.ts'
import { uploadDataset } from '../../local/scenario.ts'
import { withDigests } from './life.ts'
import { jobsOf } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const LANE = 'pipeline/my-model'

it.each([
  [1.1, 'succeeded', '1'],
  [1.9, 'failed', null],
])(
  'a trainer of upstream that knows nothing of Signalbox, at an eval_loss of %f: it %s',
  async (loss, state, version) => {
    town = await openTown({ config: withDigests(example) })
    const simulation = { metrics: { eval_loss: loss } }
    await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'my-model/v1/', rows: ['1'], simulation })
    await town.house.scanUploads()
    await town.answered(LANE)
    expect((await town.settled(LANE)).state).toBe(state)
    expect((await town.house.registry.newest('my-model'))?.version ?? null).toBe(version)
    const [job, ...others] = await jobsOf(town)
    const [container] = job?.spec?.template.spec?.containers ?? []
    expect([others, container?.image]).toEqual([[], expect.stringMatching(/^(docker\.io\/)?pytorch\/pytorch@sha256:/)])
    expect(container?.command).toEqual([
      ...['/signalbox/bin/signalbox-run', 'run', '--'],
      ...['torchrun', '--standalone', '--nproc-per-node=$(GPUS)', '/signalbox/in/dataset/train.py'],
    ])
  },
)
