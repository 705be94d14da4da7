/**
 * `--signer-command`: a CA whose key is in a token, a key management service or on another machine
 * signs through a program of the user's.
 *
 * The program is started without a shell, once for each signature. It gets the to-be-signed bytes
 * (not their hash) on its standard input and answers with the signature on its standard output, as
 * `Signer` says; its environment says which CA, and by which algorithm.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { KubepkiError, quoted, systemCode } from '../errors.ts';
import { type Certificate, type Signer, signatureAlgorithmFor } from '../x509/index.ts';

/** Plain data, so that it can be handed to a worker thread. */
export interface SignerCommand {
  readonly program: string;
  readonly arguments: readonly string[];
}

/** The CA that is signed for. */
export interface SignedFor {
  /** Its id in the catalogue, for `KUBEPKI_AUTHORITY`. */
  readonly id: string;
  readonly certificate: Certificate;
  /** Its certificate's file, for `KUBEPKI_CA_FILE`. */
  readonly certificatePath: string;
}

/** A token that waits for somebody's finger is given time; a service that hangs is not waited for. */
const TIMEOUT_SECONDS = 60;
/** Of each of the program's outputs. An RSA-16384 signature has 2 KiB. */
const MAX_OUTPUT_BYTES = 64 * 1024;

/** What the program has no business with. */
const SECRETS = ['KUBEPKI_CA_PASSPHRASE'];

/**
 * A command as the flag takes it: words between blanks, or a JSON array of strings where a word
 * has a blank in it. Nothing is unquoted or expanded.
 *
 * @throws KubepkiError USAGE
 */
export function parseSignerCommand(text: string): SignerCommand {
  const words = text.trimStart().startsWith('[')
    ? jsonWords(text)
    : text.split(/\s+/).filter((word) => word !== '');
  const [program = '', ...rest] = words;
  if (program === '') throw wrong('it is empty');
  if (words.some((word) => word.includes('\0'))) throw wrong('it holds a NUL character');
  return { program, arguments: rest };
}

const wrong = (reason: string): KubepkiError =>
  new KubepkiError('USAGE', `--signer-command: ${reason}`, {
    hint: 'give the program and its arguments with blanks between them, or a JSON array of strings',
  });

function jsonWords(text: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong('it begins with [ and is no JSON');
  }
  if (Array.isArray(value) && value.every((word) => typeof word === 'string')) return value;
  throw wrong('the JSON array holds something that is no string');
}

/**
 * Signs by running the command. What comes back is not verified here: `createIssuer` does that.
 *
 * @throws KubepkiError UNREACHABLE where the command fails; UNSUPPORTED, here and now, where the CA's
 *   key is of a kind that kubepki does not sign with
 */
export function commandSigner(
  command: SignerCommand,
  ca: SignedFor,
  timeoutSeconds = TIMEOUT_SECONDS,
): Signer {
  const env = {
    ...process.env,
    KUBEPKI_AUTHORITY: ca.id,
    KUBEPKI_CA_FILE: ca.certificatePath,
    KUBEPKI_SIGNATURE_ALGORITHM: signatureAlgorithmFor(ca.certificate.keyType),
  };
  for (const name of SECRETS) Reflect.deleteProperty(env, name);
  return (tbs) => {
    const result = spawnSync(command.program, command.arguments, {
      input: tbs,
      env,
      timeout: timeoutSeconds * 1000,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_OUTPUT_BYTES,
      windowsHide: true,
    });
    const problem = problemOf(result, timeoutSeconds);
    if (problem === undefined) return result.stdout;
    throw new KubepkiError(
      'UNREACHABLE',
      `--signer-command, for ${ca.id}: ${quoted(command.program)} ${problem}`,
      { cause: result.error },
    );
  };
}

function problemOf(result: SpawnSyncReturns<Buffer>, timeoutSeconds: number): string | undefined {
  const { status, signal, stdout, stderr } = result;
  switch (systemCode(result.error)) {
    case undefined:
    // It had no need to read everything; what it answers is verified.
    case 'EPIPE':
      break;
    case 'ETIMEDOUT':
      // Its end was no end of its output: what it writes has to be whole before it is taken.
      if (status !== null) {
        return `ended with exit status ${status}, and what it has started still holds its output open after ${timeoutSeconds} seconds: whatever outlives it has to close stdout and stderr (>/dev/null 2>&1)${saying(stderr)}`;
      }
      return `did not answer within ${timeoutSeconds} seconds`;
    case 'ENOBUFS':
      return `wrote more than ${MAX_OUTPUT_BYTES} bytes`;
    case 'ENOENT':
      return 'is not there to be run';
    case 'EACCES':
      return 'may not be executed';
    default:
      return `cannot be run (${systemCode(result.error)})`;
  }
  if (signal !== null) return `was ended by ${signal}${saying(stderr)}`;
  if (status !== 0) return `ended with exit status ${status}${saying(stderr)}`;
  return stdout.length === 0 ? `answered with nothing${saying(stderr)}` : undefined;
}

/** Of what the command has to say about it: what matters stands at the end, behind what libraries report. */
const MOST_LINES = 3;

/** The last lines that the command has to say about it. */
function saying(stderr: Buffer): string {
  const lines = stderr
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-MOST_LINES);
  return lines.length === 0 ? '' : `: ${lines.map((line) => quoted(line)).join(', ')}`;
}
