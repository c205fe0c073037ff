import { Stack, type StackProps } from 'aws-cdk-lib'
import { CfnAccessEntry } from 'aws-cdk-lib/aws-eks'
import type { Construct } from 'constructs'
import { groupOf } from '../../core/bootstrap/rights.ts'
import { doors } from '../doors.ts'
import type { PolicyFacts } from '../policy.ts'
import type { Settings } from '../settings.ts'
import type { ControlStack } from './control.ts'

/** Who a door is in the cluster: its role mapped to a group of its own, which `signalbox bootstrap` gives its rights. */
export class AccessStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    props: StackProps & { settings: Settings; policy: PolicyFacts; control: ControlStack },
  ) {
    super(scope, id, props)
    for (const { name, inCluster } of doors)
      if (inCluster)
        new CfnAccessEntry(this, name, {
          clusterName: props.settings.cluster.name,
          principalArn: props.control.functions.get(name)?.role.roleArn ?? '',
          type: 'STANDARD',
          kubernetesGroups: [groupOf(props.policy, name)],
        })
  }
}
