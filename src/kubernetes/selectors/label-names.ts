/** What a label's key and value may be (apimachinery, api/validate/content/kube.go). */

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const NAME_RULE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/** What is wrong with a qualified name (`name` or `prefix/name`): a label's key, a finalizer; empty for a good one. */
export function labelKeyProblems(key: string): readonly string[] {
  const parts = key.split('/');
  if (parts.length > 2) {
    return [
      `a qualified name ${NAME_RULE}, with an optional DNS subdomain prefix and '/' (like 'example.com/MyName')`,
    ];
  }
  const problems: string[] = [];
  const [prefix, name] = parts.length === 2 ? [parts[0], parts[1] ?? ''] : [undefined, key];
  if (prefix === '') problems.push('prefix part must be non-empty');
  else if (prefix !== undefined && (prefix.length > 253 || !SUBDOMAIN.test(prefix))) {
    problems.push(
      "prefix part must be a DNS subdomain of no more than 253 characters: lower case alphanumerics, '-' and '.'",
    );
  }
  if (name === '') problems.push('name part must be non-empty');
  else if (name.length > 63) problems.push('name part must be no more than 63 characters');
  if (!NAME.test(name)) problems.push(`name part ${NAME_RULE}`);
  return problems;
}

/** What is wrong with a label's value; empty for a good one. */
export function labelValueProblems(value: string): readonly string[] {
  const problems: string[] = [];
  if (value.length > 63) problems.push('must be no more than 63 characters');
  if (value !== '' && !NAME.test(value)) {
    problems.push(`a valid label must be an empty string or ${NAME_RULE.replace('must ', '')}`);
  }
  return problems;
}
