import { clusterContract } from '../../ports/cluster.contract.ts'
import { openRig } from './world-fixture.ts'

clusterContract('simulated', async () => {
  const { cluster, settle, close } = openRig()
  return { cluster, namespace: 'training', settle, close, orphan: (ref) => cluster.orphan(ref) }
})
