// Whole nodes as completions: one for each node type, with its required fields to go through.
import { snippet, startCompletion, type Completion } from '@codemirror/autocomplete';
import type { EditorState } from '@codemirror/state';
import { currentTypes, hintsOf } from '../../api/nodeTypes';
import { skeletonOf, typesOf, withNode, type Skeleton } from '../steps/skeleton';
import type { Place } from './place';
import { aboutOf, dataOf } from './schema';
import type { Known } from './sight';

export function nodeOptions(known: Known, spec: unknown, place: Place, state: EditorState, asElement: (about: string) => HTMLElement): Completion[] {
  const types = currentTypes();
  // The word that is being written is no node.
  const draft = withNode(spec, place.path, {});
  const after = state.sliceDoc(place.to, place.to + 200);
  const isOnly = state.sliceDoc(place.from - 1, place.from) === '[' && after.startsWith(']');
  const before = place.isAfter ? ', ' : '';
  const behind = /^\s*\{/.test(after) ? ',' : '';
  return typesOf(known).map((type): Completion => {
    const about = aboutOf(dataOf(known.language, type));
    return {
      label: type,
      detail: 'new node',
      // A node whose text is read is what most workflows begin with.
      boost: hintsOf(type, types).streams_text ? 1 : 0,
      info: about ? () => asElement(about) : undefined,
      apply(view, completion, from, to) {
        const skeleton = skeletonOf(type, { known, types, spec: draft, path: place.path });
        snippet(before + templateOf(skeleton, isOnly) + behind)(view, completion, from, to);
        if (skeleton.fields[0]?.from === skeleton.fields[0]?.to) startCompletion(view);
      },
    };
  });
}

/** The text of a node with its fields in the notation of snippets. `isOnly`: on lines of its own between the brackets of the list. */
function templateOf({ text, fields }: Skeleton, isOnly: boolean): string {
  let template = '';
  let at = 0;
  fields.forEach(({ from, to }) => {
    template += `${text.slice(at, from)}\${${text.slice(from, to).replaceAll(/[{}]/g, '\\$&')}}`;
    at = to;
  });
  // The last field is the place behind the node.
  const whole = `${template}${text.slice(at)}\${}`;
  return isOnly ? `\n\t${whole.replaceAll('\n', '\n\t')}\n` : whole;
}
