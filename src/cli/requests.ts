/** What is to be done with the requests that lie there, in plain words: below the table of plan and apply. */
import { relative } from 'node:path';
import { shellWord } from '../errors.ts';
import type { Mode, Step } from '../pki/index.ts';

/** More requests than this are counted only. */
const MOST_PATHS = 20;
const DAY = 24 * 3600;

type Asking = Step & Required<Pick<Step, 'request'>>;

const isAsking = (step: Step): step is Asking => step.request !== undefined;

/** Nothing where nobody has to sign anything. */
export function nextSteps(mode: Mode, steps: readonly Step[]): string[] {
  const asking = steps.filter(isAsking);
  const [first] = asking;
  if (first === undefined) return [];
  const issuers = [...new Set(asking.map(({ request }) => request.issuer))];
  const ready = mode === 'apply' ? asking : asking.filter(({ action }) => action === 'wait');
  const one = asking.length === 1;
  return [
    `${one ? '1 certificate has' : `${asking.length} certificates have`} to be signed by ${issuers.join(', ')}, whose ${issuers.length === 1 ? 'key is' : 'keys are'} not here.`,
    ...(ready.length === 0
      ? [`apply makes the ${one ? 'request' : 'requests'}.`]
      : [...whereTheyLie(ready), '', ...howTheyAreSigned(ready)]),
  ];
}

function whereTheyLie(asking: readonly Asking[]): string[] {
  const paths = asking.slice(0, MOST_PATHS).map(({ request }) => `  ${shortPath(request.path)}`);
  const hidden = asking.length - paths.length;
  return [
    asking.length === 1 ? 'The request:' : 'The requests:',
    ...paths,
    ...(hidden > 0 ? [`  and ${hidden} more (-o json has them all)`] : []),
  ];
}

function howTheyAreSigned(asking: readonly Asking[]): string[] {
  const [first] = asking;
  const answer = first?.request.answers[0];
  if (first === undefined || answer === undefined) return [];
  const { path, validity, issuer } = first.request;
  const [request, certificate] = [shellWord(shortPath(path)), shellWord(shortPath(answer))];
  const days = Math.max(1, Math.floor(validity / DAY));
  return [
    `Where the key of ${issuer} lies, with kubepki or with OpenSSL (3 or later):`,
    `  kubepki csr sign -f CLUSTER.yaml -d DIR --ca ${issuer} --ca-cert CA.crt --ca-key CA.key ${request}${asking.length > 1 ? ' …' : ''}`,
    `  openssl x509 -req -in ${request} -CA CA.crt -CAkey CA.key -days ${days} -copy_extensions copyall -out ${certificate}`,
    `Put each certificate beside its request (${names(path, first.request.answers)}) and run apply again.`,
  ];
}

/** `X.csr is answered by X.crt or X.pem`, by the names of one of them. */
function names(request: string, answers: readonly string[]): string {
  return `${baseName(request)} is answered by ${answers.map(baseName).join(' or ')}`;
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** As it can be typed: relative where it lies below the current directory. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short === '..' || short.startsWith('../') ? path : short;
}
