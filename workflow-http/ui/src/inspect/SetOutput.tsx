// The output that a step has in the next run, instead of being run.
import { useId, useState } from 'react';
import { Faulty } from '../form/FieldView';
import { asJson, written } from '../form/values';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { asText } from '../base/format';
import { setOutput } from '../session/whatIf';

interface Props {
  run: string;
  path: string;
  /** What it begins with. */
  output: unknown;
  onClose: () => void;
}

export function SetOutput({ run, path, output, onClose }: Props) {
  const id = useId();
  const [source, setSource] = useState(() => sourceOf(output));
  const [fault, setFault] = useState<string>();
  const { answer, isText, fault: unread } = written(source, true);
  const keep = () => {
    if (unread !== undefined) return setFault(unread);
    setOutput(run, path, answer);
    onClose();
  };
  return (
    <Dialog title={`Set the output of ${path}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          keep();
        }}
      >
        <label htmlFor={id} className="flex items-baseline gap-x-1.5 font-bold">
          Output <span className="font-code text-micro font-normal text-ink-3">{source === '' ? 'text or JSON' : isText ? 'as text' : 'as JSON'}</span>
        </label>
        <textarea
          id={id}
          rows={4}
          dir="auto"
          spellCheck={isText}
          className={`field mt-1 field-sizing-content max-h-[50vh] resize-y ${isText || source === '' ? '' : 'font-code text-meta'}`}
          value={source}
          onChange={(event) => {
            setSource(event.target.value);
            setFault(undefined);
          }}
          aria-invalid={fault !== undefined}
          aria-describedby={fault === undefined ? `${id}-help` : `${id}-faults`}
        />
        {fault !== undefined && <Faulty id={`${id}-faults`} faults={[{ code: 'invalid_json', pointer: '#', detail: fault }]} />}
        <p id={`${id}-help`} className="mt-2 text-ink-2">
          In the next run this step is not run and has this output. Steps that may act, such as sending a request, then wait until you decide about each.
        </p>
        <div className="mt-4 flex gap-2">
          <Button type="submit" look="primary">
            Set output
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** A text as it is, unless it would be read as JSON. */
function sourceOf(output: unknown): string {
  if (output === undefined) return '';
  return typeof output === 'string' && written(output, true).isText ? asText(output) : asJson(output);
}
