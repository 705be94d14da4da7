import { describe, expect, it } from 'vitest';
import {
  DEFAULT_SERVER_LIMITS,
  type LimitFlags,
  serverLimits,
} from '../../../src/cli/server/limits.ts';

describe('the limits of the server', () => {
  it('are upstream’s unless said', () => {
    expect(serverLimits({})).toEqual(DEFAULT_SERVER_LIMITS);
    expect(DEFAULT_SERVER_LIMITS).toMatchObject({
      inFlight: { readOnly: 400, mutating: 200 },
      requestTimeoutMs: 60_000,
      goawayChance: 0,
      shutdown: { delayMs: 0, sendRetryAfter: false },
    });
  });

  it('are what the flags say', () => {
    const flags: LimitFlags = {
      maxRequestsInflight: '0',
      maxMutatingRequestsInflight: '50',
      requestTimeout: '1m30s',
      http2MaxStreamsPerConnection: '100',
      goawayChance: '.001',
      shutdownDelayDuration: '20s',
      shutdownSendRetryAfter: true,
    };
    expect(serverLimits(flags)).toEqual({
      inFlight: { readOnly: 0, mutating: 50 },
      requestTimeoutMs: 90_000,
      streams: 100,
      goawayChance: 0.001,
      shutdown: { delayMs: 20_000, sendRetryAfter: true },
    });
  });

  it('of streams is the default at 0, as upstream', () => {
    expect(serverLimits({ http2MaxStreamsPerConnection: '0' }).streams).toBe(
      DEFAULT_SERVER_LIMITS.streams,
    );
  });

  it.each<[LimitFlags, string]>([
    [{ maxRequestsInflight: '-1' }, '--max-requests-inflight'],
    [{ maxMutatingRequestsInflight: '1e3' }, '--max-mutating-requests-inflight'],
    [{ requestTimeout: '0' }, '--request-timeout'],
    [{ requestTimeout: '-1s' }, '--request-timeout'],
    [{ requestTimeout: '1000h' }, '--request-timeout'],
    [{ http2MaxStreamsPerConnection: '' }, '--http2-max-streams-per-connection'],
    [{ goawayChance: '0.03' }, '--goaway-chance'],
    [{ goawayChance: 'NaN' }, '--goaway-chance'],
    [{ shutdownDelayDuration: 'soon' }, '--shutdown-delay-duration'],
  ])('that make no sense are refused: %o', (flags, flag) => {
    expect(() => serverLimits(flags)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(flag) }),
    );
  });
});
