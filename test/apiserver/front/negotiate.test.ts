import { describe, expect, it } from 'vitest';
import {
  negotiateAggregated,
  negotiatePlain,
  negotiateRefusal,
  negotiateResource,
  negotiateWatch,
  type Representation,
} from '../../../src/apiserver/front/negotiate.ts';

const shown = ({ format, conversion, pretty }: Representation): string =>
  [
    format,
    ...(conversion === undefined ? [] : [`${conversion.kind} ${conversion.apiVersion}`]),
    ...(pretty ? ['pretty'] : []),
  ].join(' ');

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const KUBECTL =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

describe('the form of an answer', () => {
  const cases: readonly (readonly [string | undefined, string])[] = [
    [undefined, 'json'],
    ['', 'json'],
    ['application/json', 'json'],
    ['*/*', 'json'],
    ['application/json, */*', 'json'],
    ['application/yaml', 'yaml'],
    ['application/json;q=0.5,application/yaml', 'yaml'],
    ['application/yaml;q=0.5,application/json;q=0.4', 'yaml'],
    ['text/html, */*;q=0.1', 'json'],
    [PROTOBUF, 'protobuf'],
    [`${PROTOBUF},application/json`, 'protobuf'],
    [`application/json,${PROTOBUF}`, 'json'],
    [`${PROTOBUF};q=0.5,application/json;q=0.6`, 'json'],
    [`*/*;q=0.1,${PROTOBUF}`, 'protobuf'],
    [`${PROTOBUF};stream=watch`, 'protobuf'],
    [`${PROTOBUF};as=Table;v=v1;g=meta.k8s.io,application/json`, 'json'],
    [
      `${PROTOBUF};as=PartialObjectMetadata;v=v1;g=meta.k8s.io`,
      'protobuf PartialObjectMetadata meta.k8s.io/v1',
    ],
    ['application/json;pretty=1', 'json pretty'],
    ['application/json;foo=bar', 'json'],
    [KUBECTL, 'json Table meta.k8s.io/v1'],
    ['application/json;as=Table;v=v1beta1;g=meta.k8s.io', 'json Table meta.k8s.io/v1beta1'],
    ['application/yaml;as=Table;v=v1;g=meta.k8s.io', 'yaml Table meta.k8s.io/v1'],
    [
      'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
      'json PartialObjectMetadataList meta.k8s.io/v1',
    ],
    ['application/json;as=Table;v=v2;g=meta.k8s.io,application/yaml', 'yaml'],
    ['application/json;sv=x,application/yaml', 'yaml'],
    ['application/json;sv=v1', 'json'],
  ];
  for (const [header, expected] of cases) {
    it(`for ${header ?? 'no header'} is ${expected}`, () => {
      expect(shown(negotiateResource(header))).toBe(expected);
    });
  }

  it('is refused where nothing fits, in upstream’s two ways', () => {
    for (const header of ['text/html', 'x'.repeat(10_000)]) {
      expect(() => negotiateResource(header)).toThrow(
        `406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, ${PROTOBUF}`,
      );
    }
    expect(() => negotiateResource('text/html', true)).toThrow(
      `application/json;stream=watch, ${PROTOBUF};stream=watch`,
    );
    for (const header of [
      'application/json;as=Foo;v=v1;g=meta.k8s.io',
      'application/json;as=Table;v=v2;g=meta.k8s.io',
    ]) {
      expect(() => negotiateResource(header)).toThrow(
        `only the following media types are accepted: application/json, application/yaml, ${PROTOBUF}`,
      );
    }
    for (const header of ['application/yaml', 'application/yaml,application/json']) {
      expect(() => negotiateWatch(header)).toThrow(
        `only the following media types are accepted: application/json;stream=watch, ${PROTOBUF};stream=watch`,
      );
    }
    expect(() => negotiatePlain('application/yaml', ['json'])).toThrow('406: Not Acceptable');
  });

  it('has no conversions where there are none to have', () => {
    expect(shown(negotiatePlain(KUBECTL))).toBe('json');
    expect(() => negotiatePlain('application/json;as=Table;v=v1;g=meta.k8s.io')).toThrow(
      'accepted',
    );
  });

  it('of a refusal is never refused', () => {
    expect(shown(negotiateRefusal('text/html'))).toBe('json pretty');
    expect(shown(negotiateRefusal('application/yaml'))).toBe('yaml');
    expect(shown(negotiateRefusal(KUBECTL))).toBe('json');
    expect(shown(negotiateRefusal(PROTOBUF))).toBe('protobuf');
  });

  it('of discovery is the aggregated one where a client asks for it', () => {
    const asked = 'as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io';
    const named = 'g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    for (const [header, expected] of [
      [`application/json;${asked},application/json`, `application/json;${named}`],
      [`application/json;q=0.9,${PROTOBUF};${asked};q=0.8`, `${PROTOBUF};${named}`],
      ['application/json', undefined],
      ['application/json;as=APIGroupDiscoveryList;v=v1;g=apidiscovery.k8s.io', undefined],
      [undefined, undefined],
    ] as const) {
      expect(negotiateAggregated(header)?.contentType).toBe(expected);
    }
  });
});
