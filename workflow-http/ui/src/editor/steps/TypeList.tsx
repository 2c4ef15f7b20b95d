// The node types, to choose one for a new step.
import { useEffect, useState } from 'react';
import { hintsOf, useTypes } from '../../api/nodeTypes';
import { Sentence } from '../../parts/CodeText';
import { Icon, iconOf } from '../../parts/Icon';
import { own } from '../../base/ownProperty';
import { knownFor } from '../help/server';
import type { Schema } from '../help/schema';

/** Each with its icon and the first sentence of what it does. */
export function TypeList({ onPick }: { onPick: (type: string) => void }) {
  const types = useTypes();
  const language = useLanguage();
  // A node whose text is read is what most workflows begin with.
  const names = [...types.keys()].sort((one, other) => Number(hintsOf(other, types).streams_text) - Number(hintsOf(one, types).streams_text));
  return (
    <ul>
      {names.map((type) => {
        const about = own(own(language?.$defs, `${type}.data`), 'description');
        return (
          <li key={type}>
            <button type="button" className="grid w-full grid-cols-[16px_1fr] gap-x-2.5 px-3 py-1.5 text-left hover:bg-raised" onClick={() => onPick(type)}>
              <Icon name={iconOf(hintsOf(type, types).icon)} className="mt-0.5 text-ink-2" />
              <span className="font-strong">{type}</span>
              {typeof about === 'string' && (
                <span className="col-start-2 text-meta text-ink-2">
                  <Sentence text={about.replaceAll('\n', ' ').split(/(?<=\.) /)[0]!} />
                </span>
              )}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function useLanguage(): Schema | undefined {
  const [language, setLanguage] = useState<Schema>();
  useEffect(() => {
    let isGone = false;
    void knownFor(undefined).then((known) => !isGone && setLanguage(known?.language));
    return () => {
      isGone = true;
    };
  }, []);
  return language;
}
