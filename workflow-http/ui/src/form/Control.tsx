// The control of one value.
import { useId, type ComponentProps } from 'react';
import { asLine } from '../base/format';
import type { Flat } from './fields';

type Props = { field: Flat; value: string; onChange: (value: string) => void } & Pick<ComponentProps<'input'>, 'id' | 'aria-invalid' | 'aria-describedby'>;

export function Control({ field, value, onChange, ...said }: Props) {
  const common = {
    ...said,
    value,
    required: field.isRequired && !field.isNullable,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
  };
  switch (field.kind) {
    case 'choice':
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
    case 'text':
      return <textarea className="field field-sizing-content max-h-64 min-h-[54px] resize-y" rows={2} dir="auto" {...common} />;
    case 'json':
      return (
        <textarea
          className="field field-sizing-content max-h-64 min-h-[54px] resize-y font-code text-meta"
          rows={2}
          spellCheck={false}
          dir="auto"
          {...common}
        />
      );
    case 'number':
    case 'integer':
      return <input type="text" className="field" inputMode={field.kind === 'integer' ? 'numeric' : 'decimal'} autoComplete="off" {...common} />;
    default:
      return <input type="text" className="field" dir="auto" autoComplete="off" {...common} />;
  }
}

interface PicksProps extends Omit<Props, 'id'> {
  labelledBy: string;
}

/** A choice of a few options. An optional choice is cleared by choosing it again. */
export function Picks({ field, value, labelledBy, onChange, ...said }: PicksProps) {
  const name = useId();
  const options =
    field.kind === 'boolean'
      ? [
          ['true', 'Yes'],
          ['false', 'No'],
        ]
      : field.options.map((option, index) => [String(index), asLine(option)]);
  return (
    <div
      role="radiogroup"
      aria-labelledby={labelledBy}
      aria-required={field.isRequired}
      className="grid grid-cols-[repeat(auto-fit,minmax(110px,1fr))] gap-2"
      {...said}
    >
      {options.map(([option, word]) => (
        <label
          key={option}
          className="flex min-h-9 cursor-pointer items-center gap-2 rounded-ctl border border-ctl bg-card px-[11px] font-strong wrap-anywhere has-checked:border-live has-checked:bg-live-wash has-checked:shadow-[inset_0_0_0_1px_var(--live)]"
        >
          <input
            type="radio"
            name={name}
            className="size-[15px] flex-none accent-live"
            checked={value === option}
            onChange={() => onChange(option!)}
            onClick={() => value === option && !field.isRequired && onChange('')}
          />
          <span dir="auto">{word}</span>
        </label>
      ))}
    </div>
  );
}
