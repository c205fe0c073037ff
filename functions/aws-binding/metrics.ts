import { nobody } from '../../effects/metrics/nobody.ts'
import { openPrometheus } from '../../effects/metrics/prometheus.ts'
import { signingFor } from '../../effects/metrics/signing.ts'
import type { ManagedSecrets } from '../../effects/secrets/secrets-manager.ts'
import type { Metrics } from '../../flows/metrics-port.ts'
import { FAR } from './patience.ts'
import type { Settings } from './settings.ts'

export const metricsOf = ({ prometheusUrl: url }: Settings, secrets: ManagedSecrets): Metrics =>
  url === undefined
    ? nobody
    : openPrometheus({ url, sign: signingFor(url, () => secrets.get('prometheus-token')), ...FAR })
