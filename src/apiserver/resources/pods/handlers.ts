/** Probes and hooks of containers (k8s.io/kubernetes, validateProbe, validateHandler). */

import { addAll } from '../../../add-all.ts';
import type { Container, Handler, HttpGet, Probe } from '../../../kubernetes/index.ts';
import { ruleText } from '../../../kubernetes/index.ts';
import { nonNegative, oneOf, portNumberOrName } from '../checks.ts';
import { type FieldError, forbidden, invalid, required } from '../field-error.ts';

const SCHEMES = ['HTTP', 'HTTPS'];
const HEADER_NAME = /^[-A-Za-z0-9]+$/;
const KINDS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;

/** @param grace `terminationGracePeriodSeconds` of the pod */
export const validateProbes = (
  field: string,
  { livenessProbe, readinessProbe, startupProbe }: Container,
  grace: number,
): FieldError[] => [
  ...validateProbe(`${field}.livenessProbe`, livenessProbe, grace, true),
  ...validateProbe(`${field}.readinessProbe`, readinessProbe, grace, false),
  ...validateProbe(`${field}.startupProbe`, startupProbe, grace, true),
];

/** @param once it has succeeded when it has succeeded once */
function validateProbe(
  field: string,
  probe: Probe | undefined,
  grace: number,
  once: boolean,
): FieldError[] {
  if (probe === undefined) return [];
  const errors = validateHandler(field, probe, grace);
  for (const name of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    addAll(errors, nonNegative(`${field}.${name}`, probe[name]));
  }
  const { terminationGracePeriodSeconds: seconds, successThreshold } = probe;
  const at = `${field}.terminationGracePeriodSeconds`;
  if (seconds !== undefined && seconds <= 0) {
    errors.push(invalid(at, seconds, 'must be greater than 0'));
  }
  if (once && successThreshold !== undefined && successThreshold !== 1) {
    errors.push(invalid(`${field}.successThreshold`, successThreshold, 'must be 1'));
  }
  if (!once && seconds !== undefined) {
    errors.push(invalid(at, seconds, 'must not be set for readinessProbes'));
  }
  return errors;
}

export const validateLifecycle = (
  field: string,
  lifecycle: Container['lifecycle'],
  grace: number,
): FieldError[] =>
  (['postStart', 'preStop'] as const).flatMap((name) => {
    const handler = lifecycle?.[name];
    return handler === undefined ? [] : validateHandler(`${field}.${name}`, handler, grace);
  });

function validateHandler(field: string, handler: Handler, grace: number): FieldError[] {
  const [first, ...others] = KINDS.filter((kind) => handler[kind] !== undefined);
  if (first === undefined) return [required(field, 'must specify a handler type')];
  return [
    ...validateKind(`${field}.${first}`, first, handler, grace),
    ...others.map((kind) =>
      forbidden(`${field}.${kind}`, 'may not specify more than 1 handler type'),
    ),
  ];
}

function validateKind(
  field: string,
  kind: (typeof KINDS)[number],
  { exec, httpGet, tcpSocket, grpc, sleep }: Handler,
  grace: number,
): FieldError[] {
  switch (kind) {
    case 'exec':
      return (exec?.command ?? []).length === 0 ? [required(`${field}.command`)] : [];
    case 'httpGet':
      return httpGet === undefined ? [] : validateHttpGet(field, httpGet);
    case 'tcpSocket':
      return portNumberOrName(`${field}.port`, tcpSocket?.port ?? 0);
    case 'grpc':
      return portNumberOrName(`${field}.port`, grpc?.port ?? 0);
    case 'sleep': {
      const { seconds } = sleep ?? { seconds: 0 };
      if (seconds >= 0 && seconds <= grace) return [];
      const detail = `must be non-negative and less than terminationGracePeriodSeconds (${grace})`;
      return [invalid(field, seconds, detail)];
    }
  }
}

const validateHttpGet = (
  field: string,
  { path = '', port, scheme, httpHeaders = [] }: HttpGet,
): FieldError[] => [
  ...(path === '' ? [required(`${field}.path`)] : []),
  ...portNumberOrName(`${field}.port`, port),
  ...oneOf(`${field}.scheme`, scheme, SCHEMES),
  ...httpHeaders
    .filter(({ name }) => !HEADER_NAME.test(name))
    .map(({ name }) =>
      invalid(
        `${field}.httpHeaders`,
        name,
        ruleText(
          "a valid HTTP header must consist of alphanumeric characters or '-'",
          '[-A-Za-z0-9]+',
          'X-Header-Name',
        ),
      ),
    ),
];
