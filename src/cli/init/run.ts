/** `kubepki init`: from what is there, from flags, from answers, or from nothing. */
import { EXIT, KubepkiError } from '../../errors.ts';
import { type AdoptOptions, adopt, type Proposal, plan } from '../../pki/index.ts';
import { startProgress } from '../progress.ts';
import { givenFacts, type InitFlags, saysSomething } from './flags.ts';
import { starter } from './starter.ts';
import { formatPlan, formatStory, planLine } from './story.ts';
import { DEFAULT_FILE, requireFree, targetOf, writeText } from './write.ts';

/** Answers the exit status. */
export async function init(flags: InitFlags): Promise<number> {
  const force = flags.force ?? false;
  const target = requireFree(targetOf(flags.output, process.stdout.isTTY), force);
  if (flags.from !== undefined) return initFrom(flags.from, flags, target);
  let facts = {
    ...givenFacts(flags),
    ...(flags.layout === undefined ? {} : { layout: flags.layout }),
    ...(flags.keyAlgorithm === undefined ? {} : { keyAlgorithm: flags.keyAlgorithm }),
  };
  if (!saysSomething(flags) && process.stdin.isTTY && process.stdout.isTTY) {
    const { ask } = await import('./questions.ts');
    const answers = await ask({ input: process.stdin, output: process.stderr });
    if (answers === undefined) return EXIT.failed;
    facts = { ...facts, ...answers };
  }
  const { text } = starter(facts);
  writeText(target, text, force);
  if (target !== '-') say(`${target} is written; next: kubepki plan -f ${target}`);
  return EXIT.ok;
}

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

async function initFrom(directory: string, flags: InitFlags, target: string): Promise<number> {
  for (const [flag, value] of [
    ['--layout', flags.layout],
    ['--key-algorithm', flags.keyAlgorithm],
  ] as const) {
    if (value === undefined) continue;
    throw new KubepkiError('USAGE', `${flag} and --from: what is there says it`);
  }
  const passphrase = await passphraseOf(flags);
  const proposal = look(directory, flags, passphrase);
  say(formatStory(proposal, directory));
  writeText(target, proposal.text, flags.force ?? false);
  say(await planned(proposal, passphrase));
  const file = target === '-' ? DEFAULT_FILE : target;
  const done = target === '-' ? `put it into ${file}, then` : `${file} is written; next`;
  say(`${done}: ${planLine(proposal, directory, file, flags.caPassphraseFile)}`);
  return EXIT.ok;
}

function look(directory: string, flags: InitFlags, passphrase: Passphrase): Proposal {
  const progress = startProgress('files');
  const options: AdoptOptions = {
    now: new Date(),
    given: givenFacts(flags),
    ...passphrase,
    onProgress: (done, total) => progress.update(done, total),
  };
  try {
    return adopt(directory, options);
  } finally {
    progress.end();
  }
}

type Passphrase = Pick<AdoptOptions, 'passphrase'>;

/** Nobody is asked for it: without it only less can be said. */
async function passphraseOf({ caPassphraseFile }: InitFlags): Promise<Passphrase> {
  if (caPassphraseFile !== undefined) {
    const { readPassphraseFile } = await import('../passphrase.ts');
    return { passphrase: readPassphraseFile(caPassphraseFile) };
  }
  const passphrase = process.env['KUBEPKI_CA_PASSPHRASE'];
  return passphrase === undefined || passphrase === ''
    ? {}
    : { passphrase: Buffer.from(passphrase, 'utf8') };
}

/** What plan says on what was just written, so that nobody has to ask. */
async function planned({ cluster, place }: Proposal, passphrase: Passphrase): Promise<string> {
  try {
    return formatPlan(await plan({ cluster, place, now: new Date(), ...passphrase }));
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    const hint = error.hint === undefined ? '' : ` (${error.hint})`;
    return `\nplan says: ${error.message}${hint}`;
  }
}
