import { describe, expect, it } from 'vitest';
import { kindType, typeNames, typeOf } from '../../src/kubernetes/index.ts';

describe('the types of the API', () => {
  it('have the fields of Go', () => {
    expect(typeOf('io.k8s.api.core.v1.Volume')).toEqual({
      name: 'io.k8s.api.core.v1.Volume',
      atomic: false,
      fields: [
        {
          name: 'name',
          number: 1,
          type: { kind: 'string' },
          pointer: false,
          required: true,
          always: true,
          omitZero: false,
        },
        {
          name: undefined,
          number: 2,
          type: { kind: 'struct', name: 'io.k8s.api.core.v1.VolumeSource' },
          pointer: false,
          required: false,
          always: false,
          omitZero: false,
        },
      ],
    });
    const [ports] = typeOf('io.k8s.api.core.v1.ServiceSpec').fields;
    expect(ports).toMatchObject({
      name: 'ports',
      listType: 'map',
      listMapKeys: ['port', 'protocol'],
      patchStrategy: 'merge',
      patchMergeKey: 'port',
    });
  });

  it('can all be read, and hold nothing that is not there', () => {
    for (const name of typeNames()) {
      for (const { type } of typeOf(name).fields) {
        let inner = type;
        while (inner.kind === 'list' || inner.kind === 'map') {
          inner = inner.kind === 'list' ? inner.items : inner.values;
        }
        if (inner.kind === 'struct') expect(typeOf(inner.name).name).toBe(inner.name);
      }
    }
  });

  it('are found by kind', () => {
    expect(kindType('v1', 'Secret')).toBe('io.k8s.api.core.v1.Secret');
    expect(kindType('rbac.authorization.k8s.io/v1', 'Role')).toBe('io.k8s.api.rbac.v1.Role');
    expect(kindType('certificates.k8s.io/v1', 'DeleteOptions')).toBe(
      'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions',
    );
    for (const [apiVersion, kind] of [
      ['v1', 'Lease'],
      ['v2', 'Secret'],
      ['v1', 'ObjectMeta'],
      ['v1', '__proto__'],
      ['v1', 'constructor'],
    ] as const) {
      expect(kindType(apiVersion, kind)).toBeUndefined();
    }
  });

  it('are no others', () => {
    for (const name of [
      'Secret',
      'io.k8s.api.core.v1.Nothing',
      'io.k8s.api.core.v1.__proto__',
      '',
    ]) {
      expect(() => typeOf(name)).toThrow(RangeError);
    }
  });
});
