/** A workspace of Amazon Managed Service for Prometheus. */
export interface Workspace {
  region: string
  id: string
}

const HOST = /^aps-workspaces(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d)\.(?:amazonaws\.com|api\.aws)(?:\.cn)?$/
const PATH = /^\/workspaces\/(ws-[0-9a-zA-Z-]+)(?:\/|$)/

/** The workspace that an address leads to, whose requests are signed; null: it leads to a server that takes a token, or none. */
export const workspaceAt = (url: string): Workspace | null => {
  if (!URL.canParse(url)) return null
  const { protocol, hostname, pathname } = new URL(url)
  const [, region] = HOST.exec(hostname) ?? []
  const [, id] = PATH.exec(pathname) ?? []
  return protocol === 'https:' && region !== undefined && id !== undefined ? { region, id } : null
}
