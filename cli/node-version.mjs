/**
 * Signalbox runs TypeScript as it is written, which Node does from 22.18 (and 23.6) on.
 *
 * @param {string} version such as `24.21.0`
 */
export const isNewEnough = (version) => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)
}

/**
 * What to tell a person whose Node is too old.
 *
 * @param {string} version
 */
export const tooOldMessage = (version) =>
  `Signalbox needs Node 24 (or 22.18 and above), and this is Node ${version}.

Any of these brings it:
  nvm install 24 && nvm use 24
  fnm use --install-if-missing 24
  volta install node@24
  npm ci --include=optional      on Linux: brings Node 24 into node_modules, nothing else changes
`
