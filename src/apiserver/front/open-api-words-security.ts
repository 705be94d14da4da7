/** Words for the security settings of pods and containers (k8s.io/api, core/v1). */
import type { Described, Words } from './open-api-words.ts';

const CORE = 'io.k8s.api.core.v1';

const SHARED: NonNullable<Described['fields']> = {
  seLinuxOptions: 'The context of SELinux.',
  windowsOptions: 'Settings for Windows.',
  runAsUser:
    'The number of the user as whom processes run; that of the image where nothing is said.',
  runAsGroup: 'The number of their first group.',
  runAsNonRoot: 'Whether a container that would run as root is not started.',
  seccompProfile: 'Which system calls there are.',
  appArmorProfile: 'The profile of AppArmor.',
};

const PROFILE: NonNullable<Described['fields']> = {
  type: 'Whether it is one of the node, that of the runtime, or none.',
  localhostProfile: 'With Localhost: which one of the node.',
};

export const SECURITY_DESCRIPTIONS: Words = {
  [`${CORE}.PodSecurityContext`]: {
    is: 'Security settings of a pod.',
    fields: {
      ...SHARED,
      supplementalGroups: 'The numbers of further groups.',
      supplementalGroupsPolicy: 'Whether groups of the image count, too.',
      fsGroup: 'The group that owns the files of volumes where that can be.',
      sysctls: 'Settings of the kernel.',
      fsGroupChangePolicy: 'When the owner of files is changed to `fsGroup`.',
      seLinuxChangePolicy: 'How volumes get the label of SELinux: MountOption or Recursive.',
    },
  },
  [`${CORE}.SecurityContext`]: {
    is: 'Security settings of a container.',
    fields: {
      ...SHARED,
      capabilities: 'Rights of root that are given or taken, one by one.',
      privileged: 'Whether it may do all that root on the node may.',
      readOnlyRootFilesystem: 'Whether its file system cannot be written to.',
      allowPrivilegeEscalation: 'Whether a process may come to have more rights than its parent.',
      procMount: 'How /proc is mounted.',
    },
  },
  [`${CORE}.Capabilities`]: {
    is: 'Rights of root.',
    fields: { add: 'What is given.', drop: 'What is taken.' },
  },
  [`${CORE}.SELinuxOptions`]: {
    is: 'A context of SELinux.',
    fields: {
      user: 'The user of the context.',
      role: 'The role of the context.',
      type: 'The type of the context.',
      level: 'The level of the context.',
    },
  },
  [`${CORE}.SeccompProfile`]: {
    is: 'Which system calls there are.',
    fields: PROFILE,
  },
  [`${CORE}.AppArmorProfile`]: {
    is: 'A profile of AppArmor.',
    fields: PROFILE,
  },
  [`${CORE}.WindowsSecurityContextOptions`]: {
    is: 'Security settings for Windows.',
    fields: {
      gmsaCredentialSpecName: 'The credential specification of a managed service account, by name.',
      gmsaCredentialSpec: 'Its content.',
      runAsUserName: 'The user as whom processes run.',
      hostProcess: 'Whether containers run as processes of the node: all of a pod, or none.',
    },
  },
  [`${CORE}.Sysctl`]: {
    is: 'A setting of the kernel.',
    fields: { name: 'Its name.', value: 'Its value.' },
  },
};
