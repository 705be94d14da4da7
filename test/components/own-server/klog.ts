/** What Go components complain of in their logs (k8s.io/klog: `E1124 15:57:05.588763     133 server.go:1281] …`). */

const LINE = /^([EF])\d{4} [\d:.]+ +\d+ ([\w.]+):\d+\] (.*)$/;

/** Its errors, each once and with its file: `kubelet.go "Skipping pod synchronization" err=…`. */
export function errorsIn(log: string): string[] {
  const found = log.split('\n').flatMap((line) => {
    const [, , file, message] = LINE.exec(line) ?? [];
    // The event that was refused is the longest part, and different each time.
    return file === undefined ? [] : [`${file} ${message?.replace(/ event=.*/, '')}`];
  });
  return [...new Set(found)];
}

/** Those of its errors that none of the patterns knows. */
export const unknownErrors = (log: string, known: readonly RegExp[]): string[] =>
  errorsIn(log).filter((error) => !known.some((pattern) => pattern.test(error)));

/** What they complain of wherever they start without a manifest of feature gates. */
export const EMPTY_MANIFEST = /^options\.go The manifest file is empty, ignoring\./;
/** While the control plane's server is away. */
export const SERVER_AWAY = /dial tcp 172\.16\.10\.11:6443: connect: connection refused/;
