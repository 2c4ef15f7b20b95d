// One field of a form: its label, control, description and faults. Groups and lists contain fields.
import { useId, type ReactNode } from 'react';
import type { Fault } from '../api/types';
import { Button } from '../parts/Button';
import { CodeText, Sentence } from '../parts/CodeText';
import { Icon } from '../parts/Icon';
import { Control, Picks } from './Control';
import type { Field, Flat, Group, List, Variants } from './fields';
import { chosenOf, initialOf, isAt, isIn, partOf, pointerTo, type Value } from './values';

interface Props<F extends Field = Field> {
  field: F;
  /** The JSON pointer of its value. */
  at: string;
  value: Value | undefined;
  faults: Fault[];
  onChange: (value: Value) => void;
  /** Shown beside its label. */
  children?: ReactNode;
}

export function FieldView({ field, ...rest }: Props) {
  if (field.kind === 'group') return <GroupView field={field} {...rest} />;
  if (field.kind === 'list') return <ListView field={field} {...rest} />;
  if (field.kind === 'variants') return <VariantsView field={field} {...rest} />;
  return <FlatView field={field} {...rest} />;
}

/** The fields of an object. */
export function Fields({ field, at, value, faults, onChange }: Props<Group>) {
  return field.fields.map((part) => {
    const place = pointerTo(at, part.name!);
    return (
      <FieldView
        key={part.name}
        field={part}
        at={place}
        value={partOf(value, part.name!)}
        faults={faults.filter((fault) => isIn(part, place, fault))}
        onChange={(next) => onChange({ ...(typeof value === 'object' ? value : {}), [part.name!]: next } as Value)}
      />
    );
  });
}

const isFewOf = ({ kind, options }: Flat): boolean => kind === 'boolean' || (kind === 'choice' && options.length <= 4);

function FlatView({ field, value, faults, onChange, children }: Props<Flat>) {
  const id = useId();
  const text = typeof value === 'string' ? value : '';
  const about = [field.description && `${id}-help`, faults.length > 0 && `${id}-faults`].filter(Boolean).join(' ');
  const said = { 'aria-invalid': faults.length > 0, 'aria-describedby': about || undefined };
  return (
    <div className="grid gap-[5px] wrap-anywhere">
      {isFewOf(field) ? (
        <>
          <Label field={field} id={`${id}-label`}>
            {children}
          </Label>
          <Picks field={field} value={text} labelledBy={`${id}-label`} onChange={onChange} {...said} />
        </>
      ) : (
        <>
          <Label field={field} of={id}>
            {children}
          </Label>
          <Control field={field} value={text} id={id} onChange={onChange} {...said} />
        </>
      )}
      <Help field={field} id={`${id}-help`}>
        {field.kind === 'text' && field.maxLength !== undefined && `${text.length} of ${field.maxLength}`}
      </Help>
      {faults.length > 0 && <Faulty id={`${id}-faults`} faults={faults} />}
    </div>
  );
}

function GroupView({ field, at, value, faults, onChange, children }: Props<Group>) {
  const id = useId();
  const own = faults.filter((fault) => isAt(at, fault));
  return (
    <fieldset className="grid min-w-0 gap-3 border-l-2 border-line-2 pl-3" aria-describedby={own.length > 0 ? `${id}-faults` : undefined}>
      <legend className="contents">
        <Label field={field}>{children}</Label>
      </legend>
      <Help field={field} id={`${id}-help`} />
      {own.length > 0 && <Faulty id={`${id}-faults`} faults={own} />}
      <Fields field={field} at={at} value={value} faults={faults} onChange={onChange} />
    </fieldset>
  );
}

function ListView({ field, at, value, faults, onChange, children }: Props<List>) {
  const id = useId();
  const items = Array.isArray(value) ? value : [];
  const own = faults.filter((fault) => isAt(at, fault));
  const isFull = field.maxItems !== undefined && items.length >= field.maxItems;
  return (
    <fieldset className="grid min-w-0 gap-3 border-l-2 border-line-2 pl-3" aria-describedby={own.length > 0 ? `${id}-faults` : undefined}>
      <legend className="contents">
        <Label field={field}>{children}</Label>
      </legend>
      <Help field={field} id={`${id}-help`} />
      {own.length > 0 && <Faulty id={`${id}-faults`} faults={own} />}
      {items.map((item, index) => {
        const place = pointerTo(at, String(index));
        const part: Field = { ...field.item, label: `${field.label} ${index + 1}` };
        return (
          <FieldView
            key={index}
            field={part}
            at={place}
            value={item}
            faults={faults.filter((fault) => isIn(part, place, fault))}
            onChange={(next) => onChange(items.with(index, next))}
          >
            <Button look="quiet" size="small" className="ml-auto" aria-label={`Remove ${part.label}`} onClick={() => onChange(items.toSpliced(index, 1))}>
              <Icon name="cross" size={14} />
            </Button>
          </FieldView>
        );
      })}
      <div>
        <Button size="small" aria-disabled={isFull} onClick={() => !isFull && onChange([...items, initialOf(field.item)])}>
          Add to {field.label}
        </Button>
      </div>
    </fieldset>
  );
}

/** Which of the variants, then the fields of that one. */
function VariantsView({ field, at, value, faults, onChange, children }: Props<Variants>) {
  const id = useId();
  const chosen = chosenOf(field, value);
  const place = pointerTo(at, field.pick);
  const own = faults.filter((fault) => isAt(at, fault) || isAt(place, fault));
  const choice: Flat = { ...field, kind: 'choice', options: field.options.map(({ label }) => label), initial: '' };
  const of = Array.isArray(partOf(value, 'of')) ? (partOf(value, 'of') as Value[]) : field.options.map(({ form }) => initialOf(form));
  const about = [field.description && `${id}-help`, own.length > 0 && `${id}-faults`].filter(Boolean).join(' ');
  return (
    <div className="grid gap-3 wrap-anywhere">
      <div className="grid gap-[5px]">
        <Label field={field} id={`${id}-label`}>
          {children}
        </Label>
        <Picks
          field={choice}
          value={chosen ? String(chosen.index) : ''}
          labelledBy={`${id}-label`}
          onChange={(pick) => onChange({ pick, of })}
          aria-invalid={own.length > 0}
          aria-describedby={about || undefined}
        />
        <Help field={field} id={`${id}-help`} />
        {own.length > 0 && <Faulty id={`${id}-faults`} faults={own} />}
      </div>
      {chosen && (
        <Fields
          field={chosen.option.form}
          at={at}
          value={chosen.value}
          faults={faults.filter((fault) => !own.includes(fault))}
          onChange={(next) => onChange({ pick: String(chosen.index), of: of.with(chosen.index, next) })}
        />
      )}
    </div>
  );
}

/** `of`: the control it names. */
function Label({ field, id, of, children }: { field: Field; id?: string; of?: string; children?: ReactNode }) {
  const Tag = of ? 'label' : 'span';
  return (
    <span className="flex min-h-5 items-center gap-x-1.5">
      <Tag id={id} htmlFor={of} className="flex flex-wrap items-baseline gap-x-1.5 font-bold">
        <span>{field.label}</span>
        <span className="font-code text-micro font-normal text-ink-3">{field.facts.join(', ')}</span>
      </Tag>
      {children}
    </span>
  );
}

function Help({ field, id, children }: { field: Field; id: string; children?: ReactNode }) {
  if (!field.description && !children) return null;
  return (
    <p className="flex justify-between gap-2 text-meta text-ink-3">
      <span id={id}>{field.description && <CodeText text={field.description} />}</span>
      {children && <code>{children}</code>}
    </p>
  );
}

/** Faults, beside their control. */
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
