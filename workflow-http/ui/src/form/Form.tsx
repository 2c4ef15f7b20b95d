// A form: the fields of an object, or a single field.
import type { Fault } from '../api/types';
import { FieldView, Fields, Faulty } from './FieldView';
import type { Field } from './fields';
import { isAt, isIn, type Value } from './values';

interface Props {
  form: Field;
  value: Value;
  faults: Fault[];
  onChange: (value: Value) => void;
}

export function Form({ form, value, faults, onChange }: Props) {
  const isObject = form.kind === 'group';
  const own = faults.filter((fault) => !isIn(form, '', fault) || (isObject && isAt('', fault)));
  const field = { at: '', value, faults: faults.filter((fault) => isIn(form, '', fault)), onChange };
  return (
    <>
      {isObject ? <Fields field={form} {...field} /> : <FieldView field={form} {...field} />}
      {own.length > 0 && <Faulty faults={own} withPlace />}
    </>
  );
}

/** The first control, or the first with a fault. */
export function controlIn(element: HTMLElement | null, isFaulty = false): HTMLElement | null | undefined {
  const which = isFaulty ? '[aria-invalid=true]' : '';
  const tags = ['input', 'select', 'textarea'].map((tag) => tag + which);
  return element?.querySelector<HTMLElement>([...tags, `[role=radiogroup]${which} input`].join());
}
