/** What kube-apiserver writes down about requests: audit.k8s.io/v1, the fields that the tests look at. */

import { readFile } from 'node:fs/promises';

export interface AuditEvent {
  stage: 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic';
  /** When the stage was reached, RFC 3339 with microseconds. */
  stageTimestamp: string;
  requestURI: string;
  verb: string;
  user: AuditUser;
  /** Of requests from outside. */
  sourceIPs?: string[];
  userAgent?: string;
  objectRef?: { resource?: string; subresource?: string; namespace?: string; name?: string };
  responseStatus?: { code?: number; reason?: string };
  /** For subject access reviews only. */
  requestObject?: { spec: { user?: string; groups?: string[]; extra?: AuditUser['extra'] } };
}

export interface AuditUser {
  username: string;
  groups?: string[];
  extra?: Record<string, string[]>;
}

/** Where kube-apiserver says which certificate (`X509SHA256=…`) or token (`JTI=…`) a request came with. */
export const CREDENTIAL_ID = 'authentication.kubernetes.io/credential-id';

/** The events of these logs, each in order. */
export async function auditEvents(files: readonly string[]): Promise<AuditEvent[]> {
  const texts = await Promise.all(files.map(async (file) => readFile(file, 'utf8')));
  return texts.flatMap((text) =>
    text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line): AuditEvent => JSON.parse(line)),
  );
}
