/** `/version`: which Kubernetes this server speaks, and what it is in truth (apimachinery, pkg/version). */
import { arch, version as nodeVersion, platform } from 'node:process';

/** The release whose behaviour this server has. */
export const KUBERNETES_VERSION = '1.36.3';

/** `version.Info`. */
export interface VersionInfo {
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
  readonly gitCommit: string;
  readonly gitTreeState: string;
  readonly buildDate: string;
  readonly goVersion: string;
  readonly compiler: string;
  readonly platform: string;
}

/** Go's names, which clients know. */
const ARCHITECTURES: Readonly<Partial<Record<NodeJS.Architecture, string>>> = {
  x64: 'amd64',
  ia32: '386',
};

/**
 * kubectl and kubeadm parse `gitVersion` as a semantic version and compare the first two numbers with
 * their own, to warn of a skew or to refuse; controllers switch features by them. So these are the
 * numbers of the Kubernetes that is spoken. What the program really is stands behind the plus sign:
 * metadata, which no comparison looks at (semver.org, 10).
 *
 * @param kubepki the version of kubepki
 */
export function versionInfo(kubepki: string): VersionInfo {
  const [major = '', minor = ''] = KUBERNETES_VERSION.split('.');
  return {
    major,
    minor,
    gitVersion: `v${KUBERNETES_VERSION}+kubepki.${kubepki.replaceAll(/[^0-9A-Za-z.-]/g, '-')}`,
    // It is built from no commit of Kubernetes, and all clients take an empty text.
    gitCommit: '',
    gitTreeState: '',
    // What programs of Kubernetes say that do not know when they were built.
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: `node ${nodeVersion}`,
    compiler: 'v8',
    platform: `${platform === 'win32' ? 'windows' : platform}/${ARCHITECTURES[arch] ?? arch}`,
  };
}
