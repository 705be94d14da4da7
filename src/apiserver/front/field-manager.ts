/** Whose fields they are that a request sets. */
import { managerOfUserAgent } from '../fields/index.ts';
import { type Exchange, header } from './exchange.ts';

/** @param asked `fieldManager` of the query; empty: the user agent says it */
export const managerOf = ({ request }: Pick<Exchange, 'request'>, asked: string): string =>
  asked === '' ? managerOfUserAgent(header(request, 'user-agent') ?? '') : asked;
