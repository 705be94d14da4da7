/** Unmodified client-go against `kubepki server`: the same program in JSON and in protobuf. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { createRequest, encodePem, generatePrivateKey, makeName } from '../../src/x509/index.ts';
import { peer } from '../peers/peers.ts';
import { localServer } from './local-server.ts';

const STEPS = ['inform', 'config maps', 'watch', 'requests', 'metadata', 'refusals'];

it('lists, watches, informs and writes in every content type that client-go has', async () => {
  const program = await peer('api-user');
  const server = await localServer();
  await server.start();
  const request = join(server.directory, 'request.pem');
  const subject = makeName({ commonName: 'user' });
  const der = createRequest({ subject }, generatePrivateKey('ECDSA-P256'));
  writeFileSync(request, encodePem('CERTIFICATE REQUEST', der));
  for (const contentType of ['application/json', 'application/vnd.kubernetes.protobuf']) {
    const { stdout } = await promisify(execFile)(
      program,
      [server.superAdmin, contentType, request],
      {
        timeout: 90_000,
      },
    );
    expect(stdout.trim().split('\n')).toEqual(STEPS);
  }
});
