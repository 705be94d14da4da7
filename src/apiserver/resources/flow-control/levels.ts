/** PriorityLevelConfigurations (k8s.io/kubernetes, ValidatePriorityLevelConfiguration). */
import { addAll } from '../../../add-all.ts';
import { PRIORITY_LEVELS, type PriorityLevel, type Queuing } from '../../../kubernetes/index.ts';
import { oneOfDemanded, within } from '../checks.ts';
import { AGE, column, NAME } from '../columns.ts';
import { define } from '../define.ts';
import type { Cell } from '../definition.ts';
import { type FieldError, forbidden, invalid, required } from '../field-error.ts';
import { firstGeneration, nextGeneration } from '../generation.ts';
import { sameJson } from '../metadata.ts';
import { dnsSubdomain } from '../names.ts';
import { ageOf } from '../times.ts';
import { CATCH_ALL, EXEMPT, ofUpstream, statusOf, validateStatus } from './common.ts';

const LEVELS = ['Exempt', 'Limited'];
const RESPONSES = ['Queue', 'Reject'];
const MOST_QUEUES = 10_000_000;
const MOST_ENTROPY = 60;

const FIXED_LEVELS: ReadonlyMap<string, PriorityLevel['spec']> = new Map([
  [EXEMPT, { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }],
  [
    CATCH_ALL,
    {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares: 5,
        limitResponse: { type: 'Reject' },
        lendablePercent: 0,
      },
    },
  ],
]);

export const MANDATORY_PRIORITY_LEVELS: readonly PriorityLevel[] = [...FIXED_LEVELS].map(
  ([name, spec]) => ({ metadata: ofUpstream(name), spec }),
);

export const PRIORITY_LEVEL_DEFINITION = define<PriorityLevel>(PRIORITY_LEVELS, {
  strategy: {
    validateName: dnsSubdomain,
    default: withLevelDefaults,
    prepareCreate: (level) => firstGeneration({ ...level, status: {} }),
    prepareUpdate: (level, old) =>
      nextGeneration({ ...level, ...statusOf(old) }, level.spec, old.spec),
    validate: validateLevel,
    validateUpdate: validateLevel,
  },
  subresources: {
    status: {
      verbs: ['get', 'patch', 'update'],
      prepareUpdate: (level, old) => ({ ...old, ...statusOf(level) }),
      validateUpdate: validateStatus,
    },
  },
  columns: [
    NAME,
    column('Type', 'Whether it is limited.'),
    column('NominalConcurrencyShares', 'Its share of all requests at a time.'),
    column('Queues', 'How many queues it has.'),
    column('HandSize', 'How many of them a flow may use.'),
    column('QueueLengthLimit', 'How many requests wait in each.'),
    AGE,
  ],
  row: ({ metadata, spec }, now) => {
    const queuing = spec.limited?.limitResponse.queuing;
    const cells: readonly Cell[] = [
      spec.limited?.nominalConcurrencyShares ?? '<none>',
      queuing?.queues ?? '<none>',
      queuing?.handSize ?? '<none>',
      queuing?.queueLengthLimit ?? '<none>',
    ];
    return [metadata.name ?? '', spec.type, ...cells, ageOf(metadata.creationTimestamp, now)];
  },
});

function withLevelDefaults(level: PriorityLevel): PriorityLevel {
  const { limited, exempt } = level.spec;
  const queuing = limited?.limitResponse.queuing;
  const spec: PriorityLevel['spec'] = {
    ...level.spec,
    ...(limited === undefined
      ? {}
      : {
          limited: {
            ...limited,
            nominalConcurrencyShares: limited.nominalConcurrencyShares ?? 30,
            limitResponse: {
              ...limited.limitResponse,
              ...(queuing === undefined ? {} : { queuing: withQueueDefaults(queuing) }),
            },
            lendablePercent: limited.lendablePercent ?? 0,
          },
        }),
    ...(exempt === undefined
      ? {}
      : { exempt: { nominalConcurrencyShares: 0, lendablePercent: 0, ...exempt } }),
  };
  return sameJson(spec, level.spec) ? level : { ...level, spec };
}

const withQueueDefaults = ({ queues, handSize, queueLengthLimit }: Queuing): Queuing => ({
  queues: queues || 64,
  handSize: handSize || 8,
  queueLengthLimit: queueLengthLimit || 50,
});

function validateLevel(level: PriorityLevel): FieldError[] {
  const { spec, metadata } = level;
  const { name = '' } = metadata;
  const { type, limited, exempt } = spec;
  const errors: FieldError[] = [];
  if ((name === EXEMPT) !== (type === 'Exempt')) {
    const detail = "must be 'Exempt' if and only if `name` is 'exempt'";
    errors.push(invalid('spec.type', type, detail));
  }
  if (type === 'Exempt') {
    if (limited !== undefined) {
      errors.push(forbidden('spec.limited', 'must be nil if the type is not Limited'));
    }
    addAll(errors, validateShares('spec.exempt', exempt ?? {}));
  } else if (type === 'Limited') {
    if (exempt !== undefined) {
      errors.push(forbidden('spec.exempt', 'must be nil if the type is Limited'));
    }
    addAll(
      errors,
      limited === undefined
        ? [required('spec.limited', 'must not be empty when type is Limited')]
        : validateLimited(limited),
    );
  } else addAll(errors, oneOfDemanded('spec.type', type, LEVELS));
  return [...errors, ...validateFixed(name, spec), ...validateStatus(level)];
}

function validateFixed(name: string, spec: PriorityLevel['spec']): FieldError[] {
  const fixed = FIXED_LEVELS.get(name);
  if (fixed === undefined) return [];
  const { exempt: _, ...rest } = spec;
  const isExempt = name === EXEMPT;
  const { exempt: __, ...fixedRest } = fixed;
  if (sameJson(isExempt ? rest : spec, isExempt ? fixedRest : fixed)) return [];
  const but = isExempt ? " except the 'spec.exempt' field" : '';
  return [invalid('spec', spec, `spec of '${name}'${but} must equal the fixed value`)];
}

function validateShares(
  field: string,
  shares: { readonly nominalConcurrencyShares?: number | null; readonly lendablePercent?: number },
): FieldError[] {
  const { nominalConcurrencyShares: nominal, lendablePercent } = shares;
  return [
    ...((nominal ?? 0) < 0
      ? [invalid(`${field}.nominalConcurrencyShares`, nominal, 'must be a non-negative integer')]
      : []),
    ...within(`${field}.lendablePercent`, lendablePercent, 0, 100),
  ];
}

function validateLimited(limited: NonNullable<PriorityLevel['spec']['limited']>): FieldError[] {
  const field = 'spec.limited';
  const { limitResponse, borrowingLimitPercent: borrowed } = limited;
  const { type, queuing } = limitResponse;
  const errors = validateShares(field, limited);
  const at = `${field}.limitResponse`;
  if (type === 'Reject') {
    if (queuing !== undefined) {
      const detail = 'must be nil if limited.limitResponse.type is not Limited';
      errors.push(forbidden(`${at}.queuing`, detail));
    }
  } else if (type === 'Queue') {
    const detail = 'must not be empty if limited.limitResponse.type is Limited';
    addAll(
      errors,
      queuing === undefined
        ? [required(`${at}.queuing`, detail)]
        : validateQueuing(`${at}.queuing`, queuing),
    );
  } else addAll(errors, oneOfDemanded(`${at}.type`, type, RESPONSES));
  if (borrowed !== undefined && borrowed < 0) {
    const detail = 'if specified, must be a non-negative integer';
    errors.push(invalid(`${field}.borrowingLimitPercent`, borrowed, detail));
  }
  return errors;
}

function validateQueuing(
  field: string,
  { queues, handSize, queueLengthLimit }: Queuing,
): FieldError[] {
  const errors: FieldError[] = [];
  const wrong = (name: keyof Queuing, value: number, detail: string): void => {
    errors.push(invalid(`${field}.${name}`, value, detail));
  };
  if (queueLengthLimit <= 0) wrong('queueLengthLimit', queueLengthLimit, 'must be positive');
  if (queues <= 0) wrong('queues', queues, 'must be positive');
  else if (queues > MOST_QUEUES) {
    wrong('queues', queues, `must not be greater than ${MOST_QUEUES}`);
  }
  if (handSize <= 0) wrong('handSize', handSize, 'must be positive');
  else if (handSize > queues) {
    wrong('handSize', handSize, `should not be greater than queues (${queues})`);
  } else {
    let bits = 0;
    for (let card = 0; card < handSize && bits <= 2 * MOST_ENTROPY; card += 1) {
      bits += Math.log2(queues - card);
    }
    const entropy = Math.ceil(bits);
    if (entropy > MOST_ENTROPY) {
      const detail = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${MOST_ENTROPY}`;
      wrong('handSize', handSize, detail);
    }
  }
  return errors;
}
