import { doors } from './doors.ts'

/**
 * Names of what a release may add or take away; those of roles are core's (`roleName`). Other stacks write them and import nothing: a
 * stack cannot give up what another still imports, and the first of the two is deployed first.
 */
export const functionName = (installation: string, door: string): string => `${installation}-${door}`
export const secretName = (installation: string, secret: string): string => `${installation}/${secret}`
/** Folder in the bucket of CDK's assets: other apps' assets lie beside it, and no door may read those. */
export const assetsFolder = (installation: string): string => `${installation}/`

/** IAM's longest name of a role. */
const LONGEST_ROLE = 64
const LONGEST_DOOR = Math.max(...doors.map(({ name }) => name.length))

/**
 * Throws when AWS would refuse a part that is named after the installation: a stack begins with a letter, a role is
 * `<installation>-<door>-<region>` in at most 64 characters, each account has a bus `default`, and no parameter of a person
 * may begin with `aws` or `ssm`. The policy alone cannot know: elsewhere than in AWS these names are fine.
 */
export const checkInstallation = (installation: string, region: string): void => {
  const longest = LONGEST_ROLE - LONGEST_DOOR - region.length - 2
  const problem = /^[^a-z]/.test(installation)
    ? 'CloudFormation wants its stacks to begin with a letter'
    : installation.length > longest
      ? `IAM allows ${LONGEST_ROLE} characters for a role, which is named after installation, door and region`
      : /^(aws|ssm)|^default$/.test(installation)
        ? '`default` is a bus that each account has, and parameters that begin with `aws` or `ssm` are AWS’s own'
        : null
  if (problem !== null)
    throw new Error(
      `signalbox.config.ts: \`installation\` is ${JSON.stringify(installation)}, but ${problem}. In ${region}, begin with a letter ` +
        `and use at most ${longest} lower-case letters, digits and dashes; not \`default\`, nothing that begins with \`aws\` or \`ssm\`.`,
    )
}
