// What a program that uses a workflow has to know of it.
import { own } from '../base/ownProperty';
import { bodiesOf } from '../editor/bodies';
import { exampleOf } from './example';

export interface Program {
  /** The address of the server, without a slash at its end. */
  base: string;
  workflow: string;
  input: unknown;
  /** An answer for each step that asks a person, by the id of its node. */
  answers: [node: string, answer: unknown][];
  /** Whether the server requires an API key. The key itself is never part of a program. */
  isKeyed: boolean;
}

/** The most characters of an input that is written into a program. */
const LONGEST_INPUT = 400;

/** The input that was written here, if it is short; else an example of the workflow. */
export function inputOf(spec: unknown, written: unknown): unknown {
  const isUsable = written !== undefined && written !== '' && JSON.stringify(written).length <= LONGEST_INPUT;
  return isUsable ? written : exampleOf(own(spec, 'input'));
}

/** The steps that ask a person, also those in maps, loops and tools. */
export const answersOf = (spec: unknown): Program['answers'] => answersIn(own(spec, 'nodes'));

function answersIn(nodes: unknown): Program['answers'] {
  if (!Array.isArray(nodes)) return [];
  return nodes.flatMap((node): Program['answers'] => {
    const data = own(node, 'data');
    if (own(node, 'type') === 'HumanNode') return [[String(own(node, 'id')), exampleOf(own(data, 'schema'))]];
    return bodiesOf(data).flatMap(({ nodes }) => answersIn(nodes));
  });
}
