import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

// The page as it is built: what a first visit waits for, and all there is.
const assets = new URL('../dist/assets/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, assets));
const sizeOf = (names: Iterable<string>) => [...names].reduce((sum, name) => sum + gzipSync(read(name), { level: 9 }).length, 0);

/** A script and those that it imports before it begins. */
function withImports(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const [, other] of read(name).toString().matchAll(/(?:from|import)"\.\/([\w-]+\.js)"/g)) withImports(other!, seen);
  return seen;
}

const KB = 1024;

it('begins with at most 95 KB of script', () => {
  expect(sizeOf(withImports('app.js'))).toBeLessThanOrEqual(95 * KB);
});

it('is at most 300 KB of script in all', () => {
  expect(sizeOf(readdirSync(assets).filter((name) => name.endsWith('.js')))).toBeLessThanOrEqual(300 * KB);
});
