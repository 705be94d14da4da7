/** What an adopted cluster file says of itself at its top. */
import type { Inventory } from './inventory.ts';
import type { Recognised } from './recognise.ts';
import type { Remarks } from './remarks.ts';

export const formatDate = (date: Date): string => date.toISOString().slice(0, 10);

/** Remarks that a file carries; what more there is was said when it was written. */
const MOST_REMARKS = 20;

export function headOf(
  place: Recognised,
  directory: string,
  { certificates, keys, kubeconfigs }: Inventory,
  { untold, problems }: Remarks,
): string[] {
  const counts = `${counted(certificates.length, 'certificate')}, ${counted(keys.length, 'key')}, ${counted(kubeconfigs.length, 'kubeconfig')}`;
  return [
    `Written by kubepki init --from ${directory} from what was there: ${counts}.`,
    ...sourceOf(place),
    ...section('Could not be told, so look at it:', untold),
    ...section('Found on the way:', problems),
  ];
}

const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`;

function sourceOf(place: Recognised): string[] {
  if (place.kind === 'kubepki') {
    return [
      'The name is that of authorities/cluster-name, hosts are the directories in hosts/, the rest is what',
      'their certificates say. Where the cluster file that made them is still there, it knows more.',
    ];
  }
  if (place.kind === 'machine') {
    return ['One machine tells of itself only: add the other hosts of the cluster.'];
  }
  if (place.kind === 'k3s') {
    return [
      'k3s and RKE2 make and renew these files themselves: kubepki reads them, and makes none.',
    ];
  }
  return [];
}

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, MOST_REMARKS).map((line) => `- ${line}`);
  if (lines.length > MOST_REMARKS) shown.push(`- and ${lines.length - MOST_REMARKS} more`);
  return ['', title, ...shown];
}
