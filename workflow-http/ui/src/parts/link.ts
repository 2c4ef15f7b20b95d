/** An address that may be followed; anything else, such as a script, is shown as text. */
export function linkOf(href: string): string | undefined {
  try {
    const { protocol } = new URL(href);
    return protocol === 'https:' || protocol === 'http:' || protocol === 'mailto:' ? href : undefined;
  } catch {
    return undefined;
  }
}
