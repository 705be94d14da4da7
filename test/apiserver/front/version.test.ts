import { describe, expect, it } from 'vitest';
import { versionInfo } from '../../../src/apiserver/front/version.ts';

/** https://semver.org, as apimachinery's ParseSemantic takes it, with its leading v. */
const SEMANTIC =
  /^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;

describe('/version', () => {
  it('names the Kubernetes that is spoken, and behind the plus sign what speaks it', () => {
    const info = versionInfo('0.1.0');
    expect(info).toMatchObject({
      major: '1',
      minor: '36',
      gitVersion: 'v1.36.3+kubepki.0.1.0',
      goVersion: `node ${process.version}`,
    });
    expect(info.gitVersion).toMatch(SEMANTIC);
  });

  it.each(['0.2.0-rc.1', '0.2.0+build.5', '1.0.0 (dirty)'])(
    'stays a semantic version for kubepki %s',
    (version) => {
      expect(versionInfo(version).gitVersion).toMatch(SEMANTIC);
    },
  );

  it('has every field that clients read, as text', () => {
    expect(Object.values(versionInfo('0.1.0')).every((value) => typeof value === 'string')).toBe(
      true,
    );
    expect(Object.keys(versionInfo('0.1.0'))).toEqual([
      'major',
      'minor',
      'gitVersion',
      'gitCommit',
      'gitTreeState',
      'buildDate',
      'goVersion',
      'compiler',
      'platform',
    ]);
  });

  it('names the platform as Go does', () => {
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
    expect(versionInfo('0.1.0').platform).toBe(`${process.platform}/${architecture}`);
  });
});
