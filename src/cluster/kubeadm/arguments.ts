/**
 * Flags of components that lead them to other files than kubeadm's own. kubeadm makes its files all the
 * same, so this is no reason to refuse a configuration; but what the component takes instead nobody looks after.
 */
import { quoted } from '../../errors.ts';
import { CATALOGUE, type Component, CREDENTIAL_IDS, type Flag } from '../catalogue.ts';
import type { Path } from '../document.ts';
import type { Problem } from '../read.ts';
import type { CustomFile, CustomFiles } from '../types.ts';
import type { Arguments, ClusterConfiguration } from './schema.ts';

/** Where a component's flags stand. */
interface Arguable {
  readonly component: Component;
  readonly path: Path;
  readonly extraArgs: Arguments | undefined;
}

/** A note for each flag that names another file than kubeadm gives the component. */
export function argumentNotes(configuration: ClusterConfiguration, files: CustomFiles): Problem[] {
  const { apiServer, controllerManager, scheduler, etcd } = configuration;
  const components: readonly Arguable[] = [
    { component: 'kube-apiserver', path: ['apiServer'], ...only(apiServer) },
    {
      component: 'kube-controller-manager',
      path: ['controllerManager'],
      ...only(controllerManager),
    },
    { component: 'kube-scheduler', path: ['scheduler'], ...only(scheduler) },
    { component: 'etcd', path: ['etcd', 'local'], ...only(etcd.local) },
  ];
  return components.flatMap(({ component, path, extraArgs = [] }) =>
    extraArgs.flatMap(({ name, value, step }): Problem[] => {
      const own = filesFor(component, name, files);
      if (own.length === 0 || own.includes(value)) return [];
      const at = ['ClusterConfiguration', ...path, 'extraArgs', step];
      const message = `${component} takes ${quoted(value, 200)} as --${name}: kubepki looks after ${own.join(' and ')}, as kubeadm does, and not after that`;
      return [{ path: at, message }];
    }),
  );
}

const only = (
  component: { readonly extraArgs?: Arguments | undefined } | undefined,
): { extraArgs: Arguments | undefined } => ({ extraArgs: component?.extraArgs });

/** The files of ours, as absolute paths, that a component gets by a flag. */
function filesFor(component: Component, name: string, files: CustomFiles): string[] {
  return CREDENTIAL_IDS.flatMap((id) => {
    const file = files[id];
    if (file === undefined) return [];
    return CATALOGUE[id].flags
      .filter((flag) => flag.component === component && flag.flag === `--${name}`)
      .flatMap((flag) => partOf(file, flag.part))
      .map((path) => `/${path}`);
  });
}

function partOf(file: CustomFile, part: Flag['part']): string[] {
  const found = new Map(Object.entries(file)).get(part);
  return found === undefined ? [] : [found];
}
