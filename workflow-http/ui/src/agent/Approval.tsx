// A person approves a tool call: as it is, with other arguments, or not at all.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { serverNow } from '../api/clock';
import type { AskedCall } from '../api/types';
import { readAnswer, writeAnswer, type AnswerDraft } from '../form/answerDrafts';
import { Faulty } from '../form/FieldView';
import { controlIn, Form } from '../form/Form';
import { Lines } from '../form/Lines';
import { asJson, jsonOf, valueFrom, type Made } from '../form/values';
import { Question } from '../panes/Question';
import { draftOf, useAnswer } from '../panes/useAnswer';
import { Button, Kbd } from '../parts/Button';
import { Sentence } from '../parts/CodeText';
import { isMac } from '../base/format';
import { isTyping, useKeys } from '../base/useKeys';
import type { Wait } from '../run/run';
import { answerOf, argsFormOf, faultsOfArgs } from './answer';
import { Value } from './Value';

interface Props {
  runId: string;
  /** The id of the step of the call. */
  node: string;
  wait: Wait;
  /** Among other things: it does not take the focus, and its buttons do not stay in sight. */
  isInside?: boolean;
  onTooLate: (words: string) => void;
}

/** A wait is new for this long. */
const FRESH = 3000;

const NO_CALL: AskedCall = { tool: '', args: {}, input: {} };

export function Approval({ runId, node, wait, isInside = false, onTooLate }: Props) {
  const call = wait.call ?? NO_CALL;
  const of = draftOf(runId, wait);
  const form = useMemo(() => argsFormOf(call), [call]);
  const [draft, setDraft] = useState<AnswerDraft>(
    () => readAnswer(of) ?? { value: form ? valueFrom(form, call.args) : '', source: asJson(call.args), isSource: form === null },
  );
  const { state, refusal, faults, setFaults, send } = useAnswer(runId, wait, onTooLate);
  const element = useRef<HTMLFormElement>(null);
  const isForm = form !== null && !draft.isSource;
  const { mode } = draft;

  const edit = (change: Partial<AnswerDraft>) => {
    const next = { ...draft, ...change };
    setDraft(next);
    writeAnswer(of, next);
  };
  const begin = (mode: AnswerDraft['mode']) => {
    setFaults([]);
    edit({ mode });
  };
  // What is written now is seen and can be changed at once; on the way back, the focus stays in the form.
  const before = useRef(mode);
  useEffect(() => {
    if (before.current === mode) return;
    before.current = mode;
    (mode === undefined ? element.current : controlIn(element.current))?.focus();
  }, [mode]);
  useEffect(() => {
    if (isInside || serverNow() - Date.parse(wait.since) > FRESH || isTyping()) return;
    element.current?.focus();
  }, [isInside, wait.since]);
  useLayoutEffect(() => {
    const here = element.current;
    // The form is removed when the answer is accepted; the focus moves to its container.
    return () => {
      if (here?.contains(document.activeElement)) here.closest<HTMLElement>('[data-detail]')?.focus();
    };
  }, []);
  useEffect(() => {
    if (faults.length > 0) controlIn(element.current, true)?.focus();
  }, [faults]);

  const argsOf = (): Made => (isForm ? jsonOf(form, draft.value) : parsed(draft.source));
  const decide = () => {
    if (state !== 'open') return;
    const made = mode === 'change' ? argsOf() : undefined;
    if (made && made.faults.length > 0) return setFaults(made.faults);
    void send(answerOf(call, mode === 'refuse' ? { reason: draft.reason ?? '' } : made && { args: made.json }));
  };
  useKeys({ Enter: () => void (element.current?.contains(document.activeElement) && decide()) });

  const switchForm = () => {
    const { json, faults } = argsOf();
    if (isForm) return edit({ isSource: true, source: asJson(json ?? call.args) });
    setFaults(faults);
    if (form && faults.length === 0) edit({ isSource: false, value: valueFrom(form, json) });
  };

  const shown = faultsOfArgs(faults);
  return (
    <form
      ref={element}
      noValidate
      tabIndex={-1}
      aria-label={`Approval of ${node}`}
      className="outline-none"
      onSubmit={(event) => {
        event.preventDefault();
        decide();
      }}
    >
      <Question message={wait.message ?? `Call ${call.tool}?`} isInside={isInside} />
      <div className={`grid gap-3.5 pb-4 ${isInside ? '' : 'px-4'}`}>
        {mode === 'change' ? (
          isForm ? (
            <Form form={form} value={draft.value} faults={shown} onChange={(value) => edit({ value })} />
          ) : (
            <Lines label="Arguments" fact="JSON" value={draft.source} rows={6} isCode faults={shown} onChange={(source) => edit({ source })} />
          )
        ) : (
          <Value title="Arguments" value={call.args} />
        )}
        {mode === 'refuse' && (
          <Lines
            label="Reason"
            fact="optional"
            value={draft.reason ?? ''}
            rows={3}
            isCode={false}
            help="The model reads it in place of a result."
            faults={faults}
            onChange={(reason) => edit({ reason })}
          />
        )}
        {mode === undefined && faults.length > 0 && <Faulty faults={faults} withPlace />}
        {refusal && (
          <p role="alert" className="text-fail">
            <Sentence text={refusal} />
          </p>
        )}
        {wait.expiresAt && <p className="text-meta text-ink-3">Without an answer in time, the call is refused.</p>}
      </div>
      <div className={`flex flex-wrap items-center gap-2 border-t border-line py-2.5 ${isInside ? '' : 'sticky bottom-0 z-3 bg-panel px-4'}`}>
        <Button
          type="submit"
          look={mode === 'refuse' ? 'danger' : 'primary'}
          aria-disabled={state !== 'open'}
          aria-keyshortcuts="Control+Enter Meta+Enter"
          aria-label={state === 'open' ? `${VERBS[mode ?? 'approve']} ${node}` : undefined}
        >
          {state === 'sending' ? 'Sending' : state === 'sent' ? 'Sent' : VERBS[mode ?? 'approve']}
          <Kbd>{isMac ? '⌘↵' : 'Ctrl ↵'}</Kbd>
        </Button>
        {mode === undefined ? (
          <>
            <Button onClick={() => begin('change')}>Change arguments</Button>
            <Button look="danger" onClick={() => begin('refuse')}>
              Refuse
            </Button>
          </>
        ) : (
          <Button look="quiet" onClick={() => begin(undefined)}>
            Back
          </Button>
        )}
        {mode === 'change' && form && (
          <Button look="quiet" onClick={switchForm}>
            {isForm ? 'As JSON' : 'As form'}
          </Button>
        )}
      </div>
    </form>
  );
}

const VERBS = { approve: 'Approve', change: 'Approve with changes', refuse: 'Refuse' };

function parsed(source: string): Made {
  try {
    return { json: JSON.parse(source) as unknown, faults: [] };
  } catch {
    return { json: undefined, faults: [{ code: 'invalid_json', pointer: '#', detail: 'This is not JSON.' }] };
  }
}
