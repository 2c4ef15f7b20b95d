// One field of an answer: its label, its control, what helps, and what is wrong with it.
import { useId, type ComponentProps } from 'react';
import type { Fault } from '../api/types';
import type { Field } from '../answer/fields';
import { Coded, Sentence } from '../parts/Coded';
import { asLine } from '../words';

interface Props {
  field: Field;
  value: string | boolean;
  faults: Fault[];
  onChange: (value: string | boolean) => void;
}

export function AnswerField({ field, value, faults, onChange }: Props) {
  const id = useId();
  const about = [field.description && `${id}-help`, faults.length > 0 && `${id}-faults`].filter(Boolean).join(' ');
  const said = { id, 'aria-invalid': faults.length > 0, 'aria-describedby': about || undefined };
  const words = (
    <>
      <span>
        {field.label}
        {field.isRequired && field.kind !== 'boolean' && (
          <span aria-hidden="true" className="text-fail">
            {' '}
            *
          </span>
        )}
      </span>
      <span className="font-code text-micro font-normal text-ink-3">{field.facts.join(', ')}</span>
    </>
  );
  return (
    <div className="grid gap-[5px] wrap-anywhere">
      {field.kind === 'boolean' ? (
        <label htmlFor={id} className="flex min-h-9 cursor-pointer items-center gap-2 rounded-ctl border border-ctl bg-card px-[11px] font-bold has-checked:border-live has-checked:bg-live-wash">
          <input type="checkbox" {...said} className="size-[15px] flex-none accent-live" checked={value === true} onChange={(event) => onChange(event.target.checked)} />
          <span className="flex flex-wrap items-baseline gap-x-1.5">{words}</span>
        </label>
      ) : (
        <>
          <label htmlFor={id} className="flex flex-wrap items-baseline gap-x-1.5 font-bold">
            {words}
          </label>
          <Control field={field} value={String(value)} required={field.isRequired && !field.isNullable} onChange={onChange} {...said} />
        </>
      )}
      {field.description && (
        <p id={`${id}-help`} className="text-meta text-ink-3">
          <Coded text={field.description} />
        </p>
      )}
      {faults.length > 0 && <Faulty id={`${id}-faults`} faults={faults} />}
    </div>
  );
}

type ControlProps = { field: Field; value: string; required: boolean; onChange: (value: string) => void } & Pick<ComponentProps<'input'>, 'id' | 'aria-invalid' | 'aria-describedby'>;

function Control({ field, value, onChange, ...said }: ControlProps) {
  const common = { ...said, value, onChange: (event: { target: { value: string } }) => onChange(event.target.value) };
  if (field.kind === 'choice') {
    return (
      <select className="field h-9" {...common}>
        <option value="">{field.isRequired ? 'Choose one' : 'None'}</option>
        {field.options.map((option, index) => (
          <option key={index} value={index}>
            {asLine(option)}
          </option>
        ))}
      </select>
    );
  }
  if (field.kind === 'text') return <textarea className="field field-sizing-content max-h-64 min-h-[54px] resize-y" rows={2} dir="auto" {...common} />;
  const isNumber = field.kind !== 'line';
  return <input type="text" className="field" dir="auto" inputMode={isNumber ? (field.kind === 'integer' ? 'numeric' : 'decimal') : undefined} autoComplete="off" {...common} />;
}

/** What is wrong, beside what it is about. */
export function Faulty({ id, faults, withPlace = false }: { id?: string; faults: Fault[]; withPlace?: boolean }) {
  return (
    <div id={id} role="alert" className="text-meta wrap-anywhere text-fail">
      {faults.map((fault) => (
        <p key={fault.pointer + fault.detail}>
          {withPlace && fault.pointer !== '#' && <code>{fault.pointer} </code>}
          <Sentence text={fault.detail} />
        </p>
      ))}
    </div>
  );
}
