// A value that a JSON Schema accepts, for a program to begin with.
import { isObject, own } from '../base/ownProperty';

const DEEPEST = 8;

export function exampleOf(schema: unknown, depth = 0): unknown {
  if (!isObject(schema) || depth > DEEPEST) return 'yes';
  for (const key of ['const', 'default']) if (key in schema) return own(schema, key);
  for (const key of ['examples', 'enum']) {
    const list = own(schema, key);
    if (Array.isArray(list) && list.length > 0) return list[0];
  }
  for (const key of ['anyOf', 'oneOf', 'allOf']) {
    const list = own(schema, key);
    if (Array.isArray(list) && list.length > 0) return exampleOf(list[0], depth + 1);
  }
  const least = (key: string, otherwise: number) => Math.max(otherwise, Math.ceil(Number(own(schema, key) ?? otherwise)));
  switch ([own(schema, 'type')].flat()[0] ?? (own(schema, 'properties') ? 'object' : 'string')) {
    case 'object': {
      const required = own(schema, 'required');
      const names = Array.isArray(required) ? required.map(String) : [];
      return Object.fromEntries(names.map((name) => [name, exampleOf(own(own(schema, 'properties'), name), depth + 1)]));
    }
    case 'array':
      return Array.from({ length: least('minItems', 1) }, () => exampleOf(own(schema, 'items'), depth + 1));
    case 'integer':
    case 'number':
      return Math.min(least('minimum', 1), Number(own(schema, 'maximum') ?? Infinity));
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return 'yes'.padEnd(least('minLength', 0), '.').slice(0, Number(own(schema, 'maxLength') ?? Infinity));
  }
}
