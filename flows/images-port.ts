import type { Found } from '../core/images/pinning.ts'
import type { ImageReference } from '../core/images/reference.ts'

/**
 * Registries of images. Throws as ports do: `Unavailable` where one does not answer or asks to be left alone (`retryAfter`), `NotAllowed`
 * where it does not let us in or is not trusted, `Refused` where there is no such image or its bytes are not what they are said to be.
 */
export interface Images {
  /**
   * What a tag points to now: its digest, found in the bytes that came. `known`: what was found before, whose platforms are still true
   * while the digest is that.
   */
  resolve(reference: ImageReference & { tag: string }, known: Found | null): Promise<Found>
}
