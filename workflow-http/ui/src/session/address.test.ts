import { describe, expect, it } from 'vitest';
import { readAddress, writeAddress, type Address } from './address';

const addresses: Address[] = [
  { at: 'home' },
  { at: 'new' },
  { at: 'runs' },
  { at: 'workflow', id: '0190-a' },
  { at: 'workflow', id: '0190-a', version: 3 },
  { at: 'run', id: '0190-b' },
  { at: 'run', id: '0190-b', step: 'each/8/refine/1/draft' },
  { at: 'run', id: 'a/b #?%', step: 'é' },
  { at: 'diff', id: '0190-a', other: '0190-b' },
];

describe('an address', () => {
  it.each(addresses)('is read as it was written: %j', (address) => {
    expect(readAddress(writeAddress(address))).toEqual(address);
  });

  it.each([
    ['', { at: 'home' }],
    ['#', { at: 'home' }],
    ['#/nowhere', { at: 'home' }],
    ['#/workflows', { at: 'home' }],
    ['#/workflows/a/versions/x', { at: 'workflow', id: 'a' }],
    ['#/runs/a/diff/', { at: 'run', id: 'a' }],
    ['#/runs/a/steps/', { at: 'run', id: 'a' }],
    ['#/runs/%E0%A4%A', { at: 'run', id: '%E0%A4%A' }],
  ])('%j is somewhere', (hash, address) => {
    expect(readAddress(hash)).toEqual(address);
  });
});
