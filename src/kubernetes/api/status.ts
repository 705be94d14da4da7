/** What the API answers when it does not do what it was asked: `metav1.Status`, as a value and as an error. */
import { KubepkiError } from '../../errors.ts';

export interface StatusCause {
  /** `FieldValueInvalid`, `FieldValueRequired` and so on (apimachinery, meta/v1/types.go). */
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  /** Of an object that is missing or in conflict, the resource; of one that is invalid, the kind. */
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** `Status.reason` with the HTTP status that belongs to it (apimachinery, api/errors/errors.go). */
export const STATUS_CODES = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const satisfies Record<string, number>;

export type StatusReason = keyof typeof STATUS_CODES;

export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Readonly<Record<string, never>>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  /** Usually a `StatusReason`; servers may have more. */
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code?: number;
}

/** A request that the API has refused. The same class where a server refuses and where a client hears of it. */
export class StatusError extends KubepkiError {
  readonly status: Status;

  constructor(status: Status, hint?: string) {
    super(
      'API_REFUSED',
      status.message ?? 'the API server refused, without saying why',
      hint === undefined ? {} : { hint },
    );
    this.name = 'StatusError';
    this.status = status;
  }

  /** A refusal of ours, with the HTTP status that belongs to its reason. */
  static of(reason: StatusReason, message: string, details?: StatusDetails): StatusError {
    return new StatusError({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      ...(details === undefined ? {} : { details }),
      code: STATUS_CODES[reason],
    });
  }

  /** As upstream answers an error that its handlers have no reason for: 500, and nothing but the text. */
  static unexplained(message: string): StatusError {
    return new StatusError({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      code: 500,
    });
  }

  get reason(): string {
    return this.status.reason ?? '';
  }

  get httpStatus(): number {
    return this.status.code ?? 500;
  }
}

/** Whether an error is a refusal for this reason: `refusedFor(error, 'NotFound', 'Conflict')`. */
export function refusedFor(
  error: unknown,
  ...reasons: readonly StatusReason[]
): error is StatusError {
  return error instanceof StatusError && (reasons as readonly string[]).includes(error.reason);
}
