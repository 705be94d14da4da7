/** Metrics in memory, and the page on which Prometheus reads them. */
export { metricsPage } from './page.ts';
export { EventLoop, processValues } from './process.ts';
export * from './text.ts';
