/** What a label's key and value may be (apimachinery, api/validate/content/kube.go). */
import { dnsSubdomainProblems, isLongerThan, longerThan, ruleText } from '../rule-text.ts';

const NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const NAME_PATTERN = new RegExp(`^${NAME}$`);
const CHARACTERS =
  "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const NAME_RULE = ruleText(`must ${CHARACTERS}`, NAME, 'MyName', 'my.name', '123-abc');
const VALUE_RULE = ruleText(
  `a valid label must be an empty string or ${CHARACTERS}`,
  `(${NAME})?`,
  'MyValue',
  'my_value',
  '12345',
);
const LONGEST = 63;

/** What is wrong with a qualified name (`name` or `prefix/name`): a label's key, a finalizer; empty for a good one. */
export function labelKeyProblems(key: string): readonly string[] {
  const parts = key.split('/');
  if (parts.length > 2) {
    return [
      `a valid label key ${NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const problems: string[] = [];
  const [prefix, name] = parts.length === 2 ? [parts[0], parts[1] ?? ''] : [undefined, key];
  if (prefix === '') problems.push('prefix part must be non-empty');
  else if (prefix !== undefined) {
    problems.push(
      ...dnsSubdomainProblems(prefix, 'bytes').map((problem) => `prefix part ${problem}`),
    );
  }
  if (name === '') problems.push('name part must be non-empty');
  else if (isLongerThan(name, LONGEST)) problems.push(`name part ${longerThan(LONGEST)}`);
  if (!NAME_PATTERN.test(name)) problems.push(`name part ${NAME_RULE}`);
  return problems;
}

/** What is wrong with a label's value; empty for a good one. */
export function labelValueProblems(value: string): readonly string[] {
  const problems = isLongerThan(value, LONGEST) ? [longerThan(LONGEST)] : [];
  if (value !== '' && !NAME_PATTERN.test(value)) problems.push(VALUE_RULE);
  return problems;
}
