// The selected step, shared by all views. In a run, it is part of the address.
import { useCallback, useEffect, useMemo, useRef, useState, type RefObject } from 'react';
import type { EditorRef } from '../editor/Editor';
import type { Fix } from '../editor/fix';
import { writtenAt, type Outline } from '../editor/useCheck';
import { focusWithin, visibleSteps, type Folds } from '../run/fold';
import { sibling } from '../run/turns';
import { isKnown, writtenOf } from '../run/run';
import type { Actions, Session } from './session';

export interface Choice {
  /** A path of the run, or without a run, of the text. */
  chosen: string | undefined;
  /** A person selected it; else it is the most relevant step. */
  isPicked: boolean;
  folds: Folds;
  isList: boolean;
}

export interface ChoiceActions {
  setList: (isList: boolean) => void;
  choose: (path: string) => void;
  /** Selects it and scrolls the text to it. */
  show: (path: string) => void;
  /** Scrolls the text to it. */
  reveal: (path: string) => void;
  fold: (path: string, isFolded: boolean) => void;
  /** To the step above or below. */
  move: (by: 1 | -1) => void;
  /** To the item or round before or after. */
  turn: (by: 1 | -1) => void;
  goTo: (at: number) => void;
  mend: (fixes: Fix[]) => void;
  nextFault: () => void;
}

export function useChoice(
  { address, runId, view: { run }, text: { check } }: Omit<Session, 'choice'>,
  go: Actions['go'],
  editor: RefObject<EditorRef | null>,
): Choice & { actions: ChoiceActions } {
  const [drafted, setDrafted] = useState<string | undefined>();
  const [folds, setFolds] = useState<Folds>(new Map());
  const [isList, setList] = useState(false);
  const known = isKnown(run) ? run : null;
  const picked = address.at === 'run' ? address.step : undefined;
  const chosen = useMemo(
    () =>
      known
        ? picked !== undefined && known.steps.get(picked)
          ? picked
          : focusWithin(known, folds)
        : runId === null && isWritten(check.outline, drafted)
          ? drafted
          : undefined,
    [known, picked, folds, runId, drafted, check.outline],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: another run begins with nothing folded
  useEffect(() => setFolds(new Map()), [runId]);

  const latest = useRef({ known, runId, outline: check.outline, chosen, folds, faults: check.faults });
  useEffect(() => {
    latest.current = { known, runId, outline: check.outline, chosen, folds, faults: check.faults };
  });

  const choose = useCallback(
    (path: string) => {
      const { known, runId } = latest.current;
      if (runId === null) return setDrafted(path);
      // The text has a body once, a run has it for each item: selecting it there selects its container.
      let step = path;
      while (known && !known.steps.get(step) && step.includes('/')) step = step.slice(0, step.lastIndexOf('/'));
      if (known?.steps.get(step)) go({ at: 'run', id: runId, step }, 'replace');
    },
    [go],
  );
  const goTo = useCallback((at: number) => editor.current?.goTo(at), [editor]);
  const mend = useCallback((fixes: Fix[]) => editor.current?.mend(fixes), [editor]);
  const reveal = useCallback(
    (path: string) => {
      const { outline, known } = latest.current;
      const place = placeIn(outline, writtenOf(known, path));
      if (place) editor.current?.reveal(place.span);
    },
    [editor],
  );
  const written = chosen === undefined ? undefined : writtenOf(known, chosen);
  // The text follows the run.
  useEffect(() => {
    const place = written === undefined ? undefined : placeIn(check.outline, written);
    if (place && runId !== null) editor.current?.follow(place.span, runId);
  }, [written, runId, check.outline, editor]);
  const show = useCallback(
    (path: string) => {
      choose(path);
      reveal(path);
    },
    [choose, reveal],
  );
  const fold = useCallback((path: string, isFolded: boolean) => setFolds((folds) => new Map(folds).set(path, isFolded)), []);
  const move = useCallback(
    (by: 1 | -1) => {
      const { known, outline, chosen, folds } = latest.current;
      const paths = known ? visibleSteps(known, folds, chosen) : outline.map(({ path }) => path);
      const here = chosen === undefined ? -1 : paths.indexOf(chosen);
      const next = paths[here < 0 ? (by > 0 ? 0 : paths.length - 1) : here + by];
      if (next !== undefined) show(next);
    },
    [show],
  );
  const turn = useCallback(
    (by: 1 | -1) => {
      const { known, chosen } = latest.current;
      const next = known && chosen !== undefined ? sibling(known, chosen, by) : undefined;
      if (next !== undefined) show(next);
    },
    [show],
  );
  const fault = useRef(-1);
  const nextFault = useCallback(() => {
    const { faults } = latest.current;
    fault.current = (fault.current + 1) % Math.max(1, faults.length);
    const next = faults[fault.current];
    if (next) goTo(next.from);
  }, [goTo]);

  const actions = useMemo(
    () => ({ setList, choose, show, reveal, fold, move, turn, goTo, mend, nextFault }),
    [choose, show, reveal, fold, move, turn, goTo, mend, nextFault],
  );
  return { chosen, isPicked: chosen !== undefined && (chosen === picked || chosen === drafted), folds, isList, actions };
}

const placeIn = (outline: Outline[], path: string): Outline | undefined => {
  const written = writtenAt(outline, path);
  return outline.find((step) => step.path === written);
};

const isWritten = (outline: Outline[], path: string | undefined): boolean => outline.some((step) => step.path === path);
