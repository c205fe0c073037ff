import { datasetUploaded } from '../events/dataset-uploaded.ts'
import { defineDoor } from './door.ts'
import { REACT_AWS, REACT_PORTS, reacting } from './reacting.ts'

/** S3 says that a manifest appeared. */
export const door = defineDoor({
  name: 'dataset-uploaded',
  trigger: { kind: 'bus', contract: datasetUploaded },
  ports: REACT_PORTS,
  kubernetes: [],
  aws: REACT_AWS,
  handler: reacting(datasetUploaded),
})
