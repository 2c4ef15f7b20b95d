// Generates types from target/openapi.json: api.d.ts for the whole API; client.ts with the schemas only, which is src/schema.ts; and
// page.ts, the same without descriptions, for the web page.
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const folder = new URL('../../target/', import.meta.url);
const document = JSON.parse(await readFile(new URL('openapi.json', folder), 'utf8'));

async function generate(name, source) {
  const types = astToString(await openapiTS(source, { silent: true }));
  await writeFile(new URL(`clients/${name}`, folder), `// Generated from the OpenAPI document: do not edit.\n\n${types}`);
}

await generate('api.d.ts', document);
// Without descriptions, so that the page's types change only with the shapes of the API.
function withoutDescriptions(value, isSchema = true) {
  if (Array.isArray(value)) return value.map((item) => withoutDescriptions(item));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => !isSchema || name !== 'description');
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutDescriptions(member, !isSchema || !['properties', '$defs'].includes(name))]));
}

const { openapi, info, components } = document;
const ofSchemas = (schemas) => ({ openapi, info: { ...info, version: '' }, paths: {}, components: { schemas } });
await generate('client.ts', ofSchemas(components.schemas));
await generate('page.ts', ofSchemas(withoutDescriptions(components.schemas, false)));
