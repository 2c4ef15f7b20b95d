// The parts of a tool call: the question to a person, the arguments, what was decided, and the result.
import type { ToolCall } from '../api/types';
import { CodeText, Sentence } from '../parts/CodeText';
import type { Run, Step } from '../run/run';
import { Approval } from './Approval';
import { decisionWords } from './gist';
import { Value } from './Value';

interface Props {
  run: Run;
  call: ToolCall;
  step: Step | undefined;
  /** Among the turns of its agent, where the step itself is not shown. */
  isInside?: boolean;
  onTooLate: (words: string) => void;
}

export function CallParts({ run, call, step, isInside = false, onTooLate }: Props) {
  const wait = step?.state === 'waiting' && step.wait?.kind === 'approval' ? step.wait : undefined;
  if (wait && step) return <Approval key={wait.id} runId={run.id} node={step.node} wait={wait} isInside={isInside} onTooLate={onTooLate} />;
  const decided = step ? decisionWords(step) : '';
  const changed = step?.decision && 'args' in step.decision ? step.decision.args : undefined;
  return (
    <div className={`grid min-w-0 gap-2 ${isInside ? '' : 'border-t border-line px-4 pt-2 pb-3.5'}`}>
      {decided && (
        <p className="wrap-anywhere text-ink-2" dir="auto">
          {decided}
        </p>
      )}
      {call.problem !== undefined && (
        <p className="wrap-anywhere text-fail">
          The arguments cannot be read: <CodeText text={call.problem} />
        </p>
      )}
      {changed === undefined ? (
        <Value title="Arguments" value={call.args} />
      ) : (
        <>
          <Value title="Arguments" fact="of the person" value={changed} />
          <Value title="Arguments of the model" value={call.args} />
        </>
      )}
      {isInside && step?.error && (
        <p className="wrap-anywhere text-fail">
          <Sentence text={step.error.detail} /> <code className="text-meta text-ink-3">{step.error.code}</code>
        </p>
      )}
      {isInside && step?.output !== undefined && <Value title="Result" value={step.output} />}
    </div>
  );
}
