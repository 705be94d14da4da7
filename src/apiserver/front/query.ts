/** The query of a request, read when it is asked for; values as Kubernetes reads them. */
import { goQuote, StatusError } from '../../kubernetes/index.ts';

export class Query {
  readonly #text: string;
  #parameters: URLSearchParams | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** The first value. */
  get(name: string): string | undefined {
    return this.#read()?.get(name) ?? undefined;
  }

  all(name: string): readonly string[] {
    return this.#read()?.getAll(name) ?? [];
  }

  /** True for everything but `false` and `0`, also for no text (apimachinery, runtime/converter: Slice_string_To_bool). */
  flag(name: string): boolean | undefined {
    const value = this.get(name)?.toLowerCase();
    return value === undefined ? undefined : value !== 'false' && value !== '0';
  }

  /** @throws StatusError BadRequest for what is no whole number */
  integer(name: string): number | undefined {
    const value = this.get(name);
    if (value === undefined || value === '') return undefined;
    if (/^[+-]?\d{1,15}$/.test(value)) return Number(value);
    throw StatusError.of(
      'BadRequest',
      `strconv.ParseInt: parsing ${goQuote(value)}: ${/^[+-]?\d+$/.test(value) ? 'value out of range' : 'invalid syntax'}`,
    );
  }

  #read(): URLSearchParams | undefined {
    if (this.#text === '') return undefined;
    this.#parameters ??= new URLSearchParams(this.#text);
    return this.#parameters;
  }
}
