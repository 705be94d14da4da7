/** What objects may be called (apimachinery, util/validation and api/validate/content). */

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const CONFIG_KEY = /^[-._a-zA-Z0-9]+$/;

/** What is wrong with a name; empty for a good one. `prefix`: it is to be continued. */
export type NameRule = (name: string, prefix: boolean) => readonly string[];

const tooLong = (name: string, most: number): string[] =>
  name.length > most ? [`must be no more than ${most} characters`] : [];

/** A prefix may end in a dash: something is going to follow. */
const completed = (name: string, prefix: boolean): string =>
  prefix && name.length > 1 && name.endsWith('-') ? `${name.slice(0, -1)}a` : name;

export const dnsSubdomain: NameRule = (name, prefix) => {
  const whole = completed(name, prefix);
  return [
    ...tooLong(whole, 253),
    ...(DNS_SUBDOMAIN.test(whole)
      ? []
      : [
          "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (like 'example.com')",
        ]),
  ];
};

export const dnsLabel: NameRule = (name, prefix) => {
  const whole = completed(name, prefix);
  return [
    ...tooLong(whole, 63),
    ...(DNS_LABEL.test(whole)
      ? []
      : DNS_SUBDOMAIN.test(whole)
        ? ['must not contain dots']
        : [
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (like 'my-name')",
          ]),
  ];
};

/** What a path can hold: the least that any name must fulfil. */
export const pathSegment: NameRule = (name, prefix) => {
  if (!prefix && (name === '.' || name === '..')) return [`may not be '${name}'`];
  return ['/', '%']
    .filter((char) => name.includes(char))
    .map((char) => `may not contain '${char}'`);
};

/** Keys of ConfigMaps and Secrets: they become file names. */
export function configKeyProblems(key: string): readonly string[] {
  const problems = tooLong(key, 253);
  if (!CONFIG_KEY.test(key)) {
    problems.push(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (like 'key.name')",
    );
  }
  if (key === '.') problems.push("must not be '.'");
  else if (key.startsWith('..')) problems.push("must not start with '..'");
  return problems;
}
