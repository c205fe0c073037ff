/** Raise the ceiling of a pool by a lease, until that is over. */
export interface ResizePoolStep {
  kind: 'resize-pool'
  name: string
  title: string
  why: string
  pool: string
  lease: {
    id: string
    gpus: number
    until: number
    by: string
    /** Whether it runs already, and goes on until then. */
    extends: boolean
  }
}
