import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where built programs and rigs are kept: outside the repository, for all of a person's clones. */
export const cacheDir = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'signalbox')

/** Programs that are there already, in place of built ones. */
export const assets = process.env['KUBEBUILDER_ASSETS']
