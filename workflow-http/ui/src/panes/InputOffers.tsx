// Inputs that can be chosen instead of typed: the examples of the workflow, and those of its earlier runs.
import { useEffect, useMemo, useRef, useState } from 'react';
import { getRun, listRuns } from '../api/client';
import { asLine } from '../base/format';
import { own } from '../base/ownProperty';
import { inputOf } from '../session/useInput';
import { useActions, useSession } from '../session/session';

/** The most inputs of earlier runs. */
const MOST = 5;

interface Offer {
  key: string;
  line: string;
  /** Of an earlier run, the list has the beginning only. */
  read: () => unknown;
}

export function InputOffers() {
  const schema = useSession(({ text }) => own(text.check.spec, 'input'));
  const workflow = useSession(({ text }) => text.saved?.id);
  const lastRun = useSession(({ runId }) => runId);
  const examples = useMemo(() => examplesOf(schema), [schema]);
  const [earlier, setEarlier] = useState<Offer[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new run has a new input
  useEffect(() => {
    let isGone = false;
    const show = (offers: Offer[]) => isGone || setEarlier(offers);
    if (workflow === undefined) show([]);
    else
      void earlierOf(workflow).then(show, () => {
        // Without the list, an input is typed.
      });
    return () => {
      isGone = true;
    };
  }, [workflow, lastRun]);
  const known = new Set(examples.map(({ line }) => line));
  return (
    <>
      <Offers key={`examples of ${workflow}`} title="Try with" offers={examples} />
      <Offers key={`runs of ${workflow}`} title="Earlier inputs" offers={earlier.filter(({ line }) => !known.has(line)).slice(0, MOST)} />
    </>
  );
}

function Offers({ title, offers }: { title: string; offers: Offer[] }) {
  const { fillInput } = useActions();
  const isShown = useRef(true);
  useEffect(() => {
    isShown.current = true;
    return () => {
      isShown.current = false;
    };
  }, []);
  const choose = async (offer: Offer) => {
    const input = inputOf(await offer.read());
    // It may have taken long, and be of another workflow by now.
    if (isShown.current) fillInput(input);
  };
  if (offers.length === 0) return null;
  return (
    <section aria-label={title} className="mt-3">
      <h3 className="text-meta text-ink-3">{title}</h3>
      <ul className="mt-1 grid grid-cols-[minmax(0,1fr)] gap-1">
        {offers.map((offer) => (
          <li key={offer.key}>
            <button
              type="button"
              className="block w-full truncate rounded-ctl border border-line-2 bg-card px-2.5 py-1.5 text-left text-ink-2 hover:bg-raised"
              title={offer.line}
              onClick={() => void choose(offer)}
            >
              {offer.line}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function examplesOf(schema: unknown): Offer[] {
  const examples = own(schema, 'examples');
  if (!Array.isArray(examples)) return [];
  return examples.map((example: unknown, index) => ({ key: String(index), line: asLine(example), read: () => example }));
}

/** The inputs of the latest runs, each once. */
async function earlierOf(workflow: string): Promise<Offer[]> {
  const { items } = await listRuns({ workflow_id: workflow }, 50);
  const byLine = new Map(items.reverse().map(({ id, input_excerpt: line }) => [line, id]));
  const offers = [...byLine].map(([line, id]) => ({ key: id, line, read: async () => (await getRun(id, new AbortController().signal)).input }));
  return offers.reverse();
}
