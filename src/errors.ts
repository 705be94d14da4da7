/**
 * The one error type of kubepki, and the table of what can go wrong.
 *
 * Every floor of the house throws `KubepkiError`, so a caller can tell errors apart by `code`
 * without reading text. The three texts are kept apart on purpose: `message` says what and where,
 * `hint` says what to do about it, `cause` keeps the original error for debugging and is never
 * printed. No message, hint or cause holds a private key, a token or a passphrase.
 */

/** What the shell sees: 0 done, 1 it failed or found problems, 2 changes are pending, 64 wrong usage. */
export const EXIT = { ok: 0, failed: 1, pending: 2, usage: 64 } as const;

/** Every code with the exit status it ends a command with. `docs/reference/errors.md` explains each. */
export const ERROR_CODES = {
  /** The command line is wrong: an unknown flag, a missing argument, two flags that exclude each other. */
  USAGE: EXIT.usage,
  /** Bytes that are not DER, or DER that RFC 5280 and X.690 do not allow. */
  MALFORMED_DER: EXIT.failed,
  /** Text that should hold a PEM block and does not. */
  MALFORMED_PEM: EXIT.failed,
  /** A private or public key that cannot be read. */
  MALFORMED_KEY: EXIT.failed,
  /** A JSON or YAML document that cannot be read. */
  MALFORMED_DOCUMENT: EXIT.failed,
  /** An encrypted key was met and no passphrase given. */
  PASSPHRASE_NEEDED: EXIT.failed,
  /** The passphrase given does not open the key. */
  WRONG_PASSPHRASE: EXIT.failed,
  /** Understood, but an algorithm or form that kubepki does not do. */
  UNSUPPORTED: EXIT.failed,
  /** A signature does not verify. */
  BAD_SIGNATURE: EXIT.failed,
  /** A value given to a function or in a file is outside what is allowed. */
  INVALID_VALUE: EXIT.failed,
  /** The cluster file is not valid; one error lists every place. */
  INVALID_CLUSTER: EXIT.failed,
  /** A file or directory is not there. */
  NOT_FOUND: EXIT.failed,
  /** The file system refused: permissions, a full disk, a read-only mount. */
  FILE_SYSTEM: EXIT.failed,
  /** Another kubepki works on the same directory. */
  LOCKED: EXIT.failed,
  /** What is on disk contradicts the cluster file and is not kubepki's to change. */
  CONFLICT: EXIT.failed,
  /** A Kubernetes API server has refused a request; the message is its own. */
  API_REFUSED: EXIT.failed,
  /** A server did not answer, or not as what it should be: no connection, a certificate that does not verify, an answer that ends early. */
  UNREACHABLE: EXIT.failed,
  /** Stored state that cannot be read: a damaged database, one of a newer version, or of another cluster. */
  DAMAGED_STATE: EXIT.failed,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorDetails {
  /** What to do about it: one sentence, lower case, no full stop. */
  hint?: string;
  /** Several problems of one input, each with its path; printed one a line. */
  issues?: readonly Issue[];
  cause?: unknown;
}

/** One problem inside a document. */
export interface Issue {
  /** Where, as a user would write it: `spec.hosts[1].addresses[0]`. */
  path: string;
  message: string;
}

/** The code of an error of the operating system (`ENOENT`), where that is what it is. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export class KubepkiError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly issues: readonly Issue[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'KubepkiError';
    this.code = code;
    this.hint = details.hint;
    this.issues = details.issues ?? [];
  }

  /** The exit status that a command ends with when this error reaches the top. */
  get exitCode(): number {
    return ERROR_CODES[this.code];
  }
}

/** A `KubepkiError` as a thread can send it: structured cloning makes a plain `Error` of it. Without its cause. */
export interface SentError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
  readonly issues: readonly Issue[];
}

export function sendError({ code, message, hint, issues }: KubepkiError): SentError {
  return { code, message, hint, issues };
}

export function receiveError({ code, message, hint, issues }: SentError): KubepkiError {
  return new KubepkiError(code, message, hint === undefined ? { issues } : { hint, issues });
}

/** Characters of a foreign text that a message shows. */
const MOST_QUOTED = 300;

/**
 * A text that comes from a file, as a message may show it: on one line, without characters that a
 * terminal would obey or that nobody would see, and not endless.
 */
export function quotable(text: string): string {
  return visible(shortened(text, MOST_QUOTED));
}

/** As `quotable`, between quotation marks: a value whose ends and spaces must be seen. */
export function quoted(text: string, most = MOST_QUOTED): string {
  // JSON leaves the controls from U+007F on, and all that only formats, as they are.
  return visible(JSON.stringify(shortened(text, most)));
}

/** A text as a word of a command line that can be copied into a shell. */
export const shellWord = (text: string): string =>
  /^[-\w./:=@]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

const shortened = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most)}…` : text;

const visible = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
