/** What Secrets and ConfigMaps share: the size of their data. */

/** All values together (k8s.io/kubernetes, core.MaxSecretSize). */
export const MOST_DATA_BYTES = 1024 * 1024;

/** How many bytes a text in padded base64 stands for. */
export const base64Bytes = (text: string): number =>
  (text.length / 4) * 3 - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
