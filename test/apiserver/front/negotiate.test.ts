import { describe, expect, it } from 'vitest';
import {
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
    ['application/vnd.kubernetes.protobuf,application/json', 'json'],
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
  ];
  for (const [header, expected] of cases) {
    it(`for ${header ?? 'no header'} is ${expected}`, () => {
      expect(shown(negotiateResource(header))).toBe(expected);
    });
  }

  it('is refused where nothing fits, in upstream’s two ways', () => {
    for (const header of ['text/html', 'application/vnd.kubernetes.protobuf', 'x'.repeat(10_000)]) {
      expect(() => negotiateResource(header)).toThrow(
        '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml',
      );
    }
    for (const header of [
      'application/json;as=Foo;v=v1;g=meta.k8s.io',
      'application/json;as=Table;v=v2;g=meta.k8s.io',
    ]) {
      expect(() => negotiateResource(header)).toThrow(
        'only the following media types are accepted: application/json, application/yaml',
      );
    }
    expect(() => negotiateWatch('application/yaml')).toThrow('application/json;stream=watch');
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
  });
});
