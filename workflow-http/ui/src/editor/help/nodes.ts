// Whole nodes as completions: one for each node type, with its required fields to go through.
import { snippet, startCompletion, type Completion } from '@codemirror/autocomplete';
import type { EditorState } from '@codemirror/state';
import { currentTypes } from '../../api/nodeTypes';
import { skeletonOf, typesOf, withNode, type Skeleton } from '../steps/skeleton';
import type { Place } from './place';
import { aboutOf, dataOf } from './schema';
import type { Known } from './sight';

export function nodeOptions(known: Known, spec: unknown, place: Place, state: EditorState, asElement: (about: string) => HTMLElement): Completion[] {
  const types = currentTypes();
  // The word that is being written is no node.
  const draft = withNode(spec, place.path, {});
  const isLast = !/^\s*\{/.test(state.sliceDoc(place.to, place.to + 200));
  return typesOf(known).map((type): Completion => {
    const about = aboutOf(dataOf(known.language, type));
    return {
      label: type,
      detail: 'a whole node',
      info: about ? () => asElement(about) : undefined,
      apply(view, completion, from, to) {
        const skeleton = skeletonOf(type, { known, types, spec: draft, path: place.path });
        snippet((place.isAfter ? ', ' : '') + templateOf(skeleton) + (isLast ? '' : ','))(view, completion, from, to);
        startCompletion(view);
      },
    };
  });
}

/** The text of a node with its fields in the notation of snippets. */
function templateOf({ text, fields }: Skeleton): string {
  let template = '';
  let at = 0;
  fields.forEach(({ from, to }) => {
    template += `${text.slice(at, from)}\${${text.slice(from, to).replaceAll(/[{}]/g, '\\$&')}}`;
    at = to;
  });
  return template + text.slice(at);
}
