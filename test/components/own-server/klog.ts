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
