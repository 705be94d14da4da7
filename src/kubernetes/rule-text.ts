/** How upstream words what a text must be like (apimachinery, api/validate/content/errors.go). */

/** @param pattern the expression that judges, as upstream writes it */
export function ruleText(
  sentence: string,
  pattern: string,
  ...examples: readonly string[]
): string {
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return shown === ''
    ? `${sentence} (regex used for validation is '${pattern}')`
    : `${sentence} (e.g. ${shown}regex used for validation is '${pattern}')`;
}

/** In bytes of UTF-8, as Go counts. */
export const isLongerThan = (text: string, most: number): boolean =>
  text.length > most || (text.length * 3 > most && Buffer.byteLength(text) > most);

/** Older rules speak of characters where they mean bytes. */
type Unit = 'bytes' | 'characters';

export const longerThan = (most: number, unit: Unit = 'bytes'): string =>
  `must be no more than ${most} ${unit}`;

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const DNS_LABEL = new RegExp(`^${LABEL}$`);
const DNS_SUBDOMAIN = new RegExp(`^${SUBDOMAIN}$`);
const LONGEST_LABEL = 63;
const LONGEST_SUBDOMAIN = 253;

/** What is wrong with a label of RFC 1123; empty for a good one. */
export function dnsLabelProblems(text: string): string[] {
  const problems = isLongerThan(text, LONGEST_LABEL)
    ? [longerThan(LONGEST_LABEL, 'characters')]
    : [];
  if (DNS_LABEL.test(text)) return problems;
  if (DNS_SUBDOMAIN.test(text)) return [...problems, 'must not contain dots'];
  const sentence =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  return [...problems, ruleText(sentence, LABEL, 'my-name', '123-abc')];
}

/** The same of labels with dots between them. */
export function dnsSubdomainProblems(text: string, unit: Unit = 'characters'): string[] {
  const problems = isLongerThan(text, LONGEST_SUBDOMAIN)
    ? [longerThan(LONGEST_SUBDOMAIN, unit)]
    : [];
  if (DNS_SUBDOMAIN.test(text)) return problems;
  const sentence =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
  return [...problems, ruleText(sentence, SUBDOMAIN, 'example.com')];
}
