// A text of several lines, or JSON that is written as text.
import { useId } from 'react';
import type { Fault } from '../api/types';
import { Faulty } from './FieldView';

interface Props {
  label: string;
  /** What is written: `JSON`, `optional`. */
  fact: string;
  value: string;
  rows: number;
  isCode: boolean;
  help?: string;
  faults: Fault[];
  onChange: (value: string) => void;
}

export function Lines({ label, fact, value, rows, isCode, help, faults, onChange }: Props) {
  const id = useId();
  const about = [help && `${id}-help`, faults.length > 0 && `${id}-faults`].filter(Boolean).join(' ');
  return (
    <div className="grid gap-[5px]">
      <label htmlFor={id} className="flex flex-wrap items-baseline gap-x-1.5 font-bold">
        {label} <span className="font-code text-micro font-normal text-ink-3">{fact}</span>
      </label>
      <textarea
        id={id}
        rows={rows}
        dir="auto"
        spellCheck={!isCode}
        className={`field field-sizing-content max-h-80 resize-y ${isCode ? 'font-code text-meta' : ''}`}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={faults.length > 0}
        aria-describedby={about || undefined}
      />
      {faults.length > 0 && <Faulty id={`${id}-faults`} faults={faults} withPlace />}
      {help && (
        <p id={`${id}-help`} className="text-ink-2">
          {help}
        </p>
      )}
    </div>
  );
}
