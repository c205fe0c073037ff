/** A measured number must stay on one side of a limit. A missing or non-finite number fails (law 12). */
export interface Gate {
  metric: string
  op: '>=' | '<='
  value: number
}
