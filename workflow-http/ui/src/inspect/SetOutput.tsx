// The output that a step has in the next run, instead of being run.
import { useState } from 'react';
import { Lines } from '../form/Lines';
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
        <Lines
          label="Output"
          fact={source === '' ? 'text or JSON' : isText ? 'as text' : 'as JSON'}
          value={source}
          rows={4}
          isCode={!isText && source !== ''}
          help="In the next run this step is not run and has this output. Steps that may act, such as sending a request, then wait until you decide about each."
          faults={fault === undefined ? [] : [{ code: 'invalid_json', pointer: '#', detail: fault }]}
          onChange={(source) => {
            setSource(source);
            setFault(undefined);
          }}
        />
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
