// The form in which a person answers. What follows comes with the run's events.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { serverNow } from '../api/clock';
import type { Fault } from '../api/types';
import { readAnswer, writeAnswer, type AnswerDraft } from '../form/answerDrafts';
import { controlIn, Form } from '../form/Form';
import { Lines } from '../form/Lines';
import { formOf } from '../form/fields';
import { asJson, filledIn, initialOf, jsonOf, startOf, valueFrom, written, type Made } from '../form/values';
import { Button, Kbd } from '../parts/Button';
import { Sentence } from '../parts/CodeText';
import type { Wait } from '../run/run';
import { isTyping, useKeys } from '../base/useKeys';
import { isMac } from '../base/format';
import { draftOf, useAnswer } from './useAnswer';

interface Props {
  runId: string;
  wait: Wait;
  /** An output that the answer may begin with, once it is known. */
  earlier?: unknown;
  /** The answer came too late, or was not the first. The form may be removed by then. */
  onTooLate: (words: string) => void;
}

/** The key that started the run must not send an answer. */
const PAUSE = 500;
/** A wait is new for this long. */
const FRESH = 3000;

export function AnswerForm({ runId, wait, earlier, onTooLate }: Props) {
  const of = draftOf(runId, wait);
  const form = useMemo(() => formOf(wait.schema), [wait.schema]);
  const [draft, setDraft] = useState<AnswerDraft>(
    () => readAnswer(of) ?? { value: form ? initialOf(form) : '', source: form ? '' : startOf(wait.schema), isSource: form === null },
  );
  const { state, refusal, faults, setFaults, send: sendAnswer } = useAnswer(runId, wait, onTooLate);
  const element = useRef<HTMLFormElement>(null);
  const begun = useRef(-PAUSE);
  const isTouched = useRef(false);
  const isForm = form !== null && !draft.isSource;
  // Without a schema, the answer may be plain text.
  const isAnything = wait.schema === undefined;

  useEffect(() => {
    if (earlier === undefined || form?.kind !== 'variants' || isTouched.current || readAnswer(of)) return;
    setDraft((draft) => ({ ...draft, value: filledIn(form, draft.value, 'output', earlier) }));
  }, [earlier, form, of]);
  const edit = (change: Partial<AnswerDraft>) => {
    isTouched.current = true;
    const next = { ...draft, ...change };
    setDraft(next);
    writeAnswer(of, next);
  };

  useEffect(() => {
    if (serverNow() - Date.parse(wait.since) > FRESH || isTyping()) return;
    begun.current = performance.now();
    controlIn(element.current)?.focus();
    element.current?.closest('article')?.scrollIntoView({ block: 'nearest' });
  }, [wait.since]);
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

  const send = async () => {
    if (state !== 'open' || (!isTouched.current && performance.now() - begun.current < PAUSE)) return;
    const { json: answer, faults } = isForm ? jsonOf(form, draft.value) : ofSource(draft.source, isAnything);
    setFaults(faults);
    if (faults.length === 0) await sendAnswer(answer);
  };
  useKeys({ Enter: () => void (element.current?.contains(document.activeElement) && send()) });

  const toSource = () => {
    if (!form) return;
    setFaults([]);
    edit({ isSource: true, source: asJson(jsonOf(form, draft.value).json ?? null) });
  };
  const toForm = () => {
    const { json, faults } = ofSource(draft.source, false);
    setFaults(faults);
    if (form && faults.length === 0) edit({ isSource: false, value: valueFrom(form, json) });
  };

  return (
    <form
      ref={element}
      noValidate
      aria-label="Answer"
      className="border-t border-line"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div className="grid gap-3.5 px-4 pt-3.5 pb-4">
        {isForm ? (
          <Form form={form} value={draft.value} faults={faults} onChange={(value) => edit({ value })} />
        ) : (
          <Source source={draft.source} isAnything={isAnything} faults={faults} onChange={(source) => edit({ source })} />
        )}
        {refusal && (
          <p role="alert" className="text-fail">
            <Sentence text={refusal} />
          </p>
        )}
        {wait.expiresAt && <p className="text-meta text-ink-3">Without an answer in time, the step fails.</p>}
      </div>
      <div className="sticky bottom-0 z-3 flex flex-wrap items-center gap-2 border-t border-line bg-panel px-4 py-2.5">
        <Button type="submit" look="primary" aria-disabled={state !== 'open'} aria-keyshortcuts="Control+Enter Meta+Enter">
          {state === 'sending' ? 'Sending' : state === 'sent' ? 'Sent' : 'Send answer'}
          <Kbd>{isMac ? '⌘↵' : 'Ctrl ↵'}</Kbd>
        </Button>
        {form && (
          <Button look="quiet" onClick={isForm ? toSource : toForm}>
            {isForm ? 'As JSON' : 'As form'}
          </Button>
        )}
      </div>
    </form>
  );
}

function Source({ source, isAnything, faults, onChange }: { source: string; isAnything: boolean; faults: Fault[]; onChange: (source: string) => void }) {
  const { isText } = written(source, isAnything);
  const kind = isAnything ? (source === '' ? 'text or JSON' : isText ? 'sent as text' : 'sent as JSON') : 'JSON';
  return <Lines label="Answer" fact={kind} value={source} rows={isAnything ? 3 : 6} isCode={!isText && source !== ''} faults={faults} onChange={onChange} />;
}

function ofSource(source: string, isAnything: boolean): Made {
  const { answer, fault } = written(source, isAnything);
  return { json: answer, faults: fault ? [{ code: 'invalid_json', pointer: '#', detail: fault }] : [] };
}
