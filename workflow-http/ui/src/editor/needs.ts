// What a node of a specification needs, by the rules of the server.
import { own } from '../base/ownProperty';

/** The switch and the name in `case`, such as `route.refund`. */
export function caseOf(node: unknown): [id: string, name: string] | undefined {
  const written = own(node, 'case');
  const dot = typeof written === 'string' ? written.indexOf('.') : -1;
  return dot < 0 ? undefined : [(written as string).slice(0, dot), (written as string).slice(dot + 1)];
}

/** The ids that a node needs: what it says, and the switch of its `case`. Without either, it needs the node before it. */
export function needsOf(node: unknown, before: unknown): string[] {
  const [route] = caseOf(node) ?? [];
  const written = own(node, 'needs') ?? (route === undefined ? [own(before, 'id')] : []);
  const needs = Array.isArray(written) ? written.filter((id) => typeof id === 'string') : [];
  return route === undefined || needs.includes(route) ? needs : [...needs, route];
}

/** The names that a switch can choose. */
export function casesOf(node: unknown): string[] {
  if (own(node, 'type') !== 'SwitchNode') return [];
  const data = own(node, 'data');
  const cases = own(data, 'cases');
  const names = [...(Array.isArray(cases) ? cases.map((one: unknown) => own(one, 'name')) : []), own(data, 'default')];
  return [...new Set(names.filter((name) => typeof name === 'string'))];
}
