// The detail of the step of a tool call, besides what every step has.
import type { Run, Step } from '../run/run';
import { CallParts } from './CallParts';

interface Props {
  run: Run;
  step: Step;
  onTooLate: (words: string) => void;
}

export const CallDetail = ({ run, step, onTooLate }: Props) =>
  step.call || step.wait?.call ? <CallParts run={run} call={step.call ?? step.wait!.call!} step={step} onTooLate={onTooLate} /> : null;
