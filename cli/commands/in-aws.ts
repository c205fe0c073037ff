import { EXIT, Explained, type Where } from '../output.ts'

/** What runs in AWS is not reached by this release: said before anything is done, in place of half an answer. */
export const refuseAws = ({ aws }: Pick<Where, 'aws'>): void => {
  if (aws !== undefined)
    throw new Explained(
      'what runs in AWS is being rebuilt on the new ledger: use the previous release there',
      EXIT.failed,
    )
}
