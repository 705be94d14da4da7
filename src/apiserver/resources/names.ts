/** What objects may be called (apimachinery, util/validation and api/validate/content). */
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  isLongerThan,
  longerThan,
  ruleText,
} from '../../kubernetes/index.ts';

const CONFIG_KEY = /^[-._a-zA-Z0-9]+$/;
const LONGEST_KEY = 253;

/** What is wrong with a name; empty for a good one. `prefix`: it is to be continued. */
export type NameRule = (name: string, prefix: boolean) => readonly string[];

/** A prefix may end in a dash: something is going to follow. */
const completed = (name: string, prefix: boolean): string =>
  prefix && name.length > 1 && name.endsWith('-') ? `${name.slice(0, -1)}a` : name;

export const dnsSubdomain: NameRule = (name, prefix) =>
  dnsSubdomainProblems(completed(name, prefix));

/** As newer resources have it: the name that is generated is looked at, and not what it begins with. */
export const longName: NameRule = (name, prefix) =>
  prefix
    ? []
    : dnsSubdomainProblems(name).map((problem) => problem.replace(/ characters$/, ' bytes'));

export const dnsLabel: NameRule = (name, prefix) => dnsLabelProblems(completed(name, prefix));

/** What a path can hold: the least that any name must fulfil. */
export const pathSegment: NameRule = (name, prefix) => {
  if (!prefix && (name === '.' || name === '..')) return [`may not be '${name}'`];
  return ['/', '%']
    .filter((char) => name.includes(char))
    .map((char) => `may not contain '${char}'`);
};

/** Keys of ConfigMaps and Secrets: they become file names. */
export function configKeyProblems(key: string): readonly string[] {
  const problems = isLongerThan(key, LONGEST_KEY) ? [longerThan(LONGEST_KEY, 'characters')] : [];
  if (!CONFIG_KEY.test(key)) {
    const sentence = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    problems.push(ruleText(sentence, '[-._a-zA-Z0-9]+', 'key.name', 'KEY_NAME', 'key-name'));
  }
  if (key === '.' || key === '..') problems.push(`must not be '${key}'`);
  else if (key.startsWith('..')) problems.push("must not start with '..'");
  return problems;
}
