// The address names what the page shows, so it can be shared, and a reload shows the same.

export type Address =
  | { at: 'home' }
  | { at: 'new' }
  | { at: 'workflow'; id: string; version?: number }
  | { at: 'runs' }
  /** Two runs beside each other. */
  | { at: 'diff'; id: string; other: string }
  | { at: 'run'; id: string; step?: string };

export function readAddress(hash: string): Address {
  const [place, id, within, ...rest] = hash.replace(/^#\/?/, '').split('/').map(decode);
  if (place === 'new') return { at: 'new' };
  if (place === 'runs') return runAddress(id, within, rest.join('/'));
  if (place === 'workflows' && id) {
    const version = within === 'versions' ? Number(rest[0]) : NaN;
    return { at: 'workflow', id, ...(Number.isInteger(version) ? { version } : {}) };
  }
  return { at: 'home' };
}

function runAddress(id: string | undefined, within: string | undefined, path: string): Address {
  if (!id) return { at: 'runs' };
  if (within === 'diff' && path) return { at: 'diff', id, other: path };
  return { at: 'run', id, ...(within === 'steps' && path ? { step: path } : {}) };
}

export function writeAddress(address: Address): string {
  switch (address.at) {
    case 'home':
      return '#/';
    case 'new':
    case 'runs':
      return `#/${address.at}`;
    case 'diff':
      return `#/runs/${encodeURIComponent(address.id)}/diff/${encodeURIComponent(address.other)}`;
    case 'workflow':
      return `#/workflows/${encodeURIComponent(address.id)}${address.version === undefined ? '' : `/versions/${address.version}`}`;
    case 'run':
      return `#/runs/${encodeURIComponent(address.id)}${address.step === undefined ? '' : `/steps/${address.step.split('/').map(encodeURIComponent).join('/')}`}`;
  }
}

/** A typed address may be no valid encoding. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
