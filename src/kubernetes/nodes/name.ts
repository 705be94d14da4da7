/** What a Node can be called. */
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const SUBDOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);

/** A DNS-1123 subdomain, in labels of at most 63 characters: what a Node can be called, an IPv4 address too. */
export const isNodeName = (text: string): boolean => text.length <= 253 && SUBDOMAIN.test(text);
