// Debug data, loaded when a section is opened: the prompt as it was sent, and the step as JSON.
import { useState } from 'react';
import { Copy } from '../parts/Copy';
import { Sentence } from '../parts/CodeText';
import { Pre, Section } from '../parts/Section';
import type { Step } from '../run/run';
import { Tree } from '../tree/Tree';
import { asText, count } from '../base/format';
import { promptOf } from './prompt';
import { useHistory, type History } from './useHistory';

/** `isPrompted`: it sends a prompt to a model. */
export function DebugData({ runId, step, isPrompted }: { runId: string; step: Step; isPrompted: boolean }) {
  const [isWanted, setWanted] = useState(false);
  const history = useHistory(runId, step, isWanted);
  const want = () => setWanted(true);
  return (
    <>
      {isPrompted && step.attempts.length > 0 && (
        <Section title="Prompt" fact={promptFact(history)} onOpen={want}>
          <Prompt history={history} step={step} />
        </Section>
      )}
      <Section title="Raw JSON" onOpen={want}>
        <Raw history={history} />
      </Section>
    </>
  );
}

/** Of the last attempt that has it. */
const saidIn = ({ known }: History) => known?.attempts.map(promptOf).findLast((said) => said.length > 0);

function promptFact(history: History): string | undefined {
  const said = saidIn(history);
  return said && `rendered, ${count(said.reduce((sum, { text }) => sum + text.length, 0))} characters`;
}

function Prompt({ history, step }: { history: History; step: Step }) {
  const said = saidIn(history);
  if (!said) return <Nothing history={history} words={step.state === 'running' ? 'Available when this attempt has ended.' : 'It was not stored.'} />;
  return (
    <div className="grid gap-2">
      {said.map(({ who, text }, index) => (
        <div key={index}>
          <div className="flex h-8 items-center">
            <code className="flex-1 text-meta text-ink-3">{who}</code>
            <Copy text={text} />
          </div>
          <Pre text={text} />
        </div>
      ))}
    </div>
  );
}

function Raw({ history }: { history: History }) {
  if (!history.known) return <Nothing history={history} words="" />;
  return (
    <>
      <div className="-mt-1 flex h-8 items-center justify-end">
        <Copy text={asText(history.known)} />
      </div>
      <Tree value={history.known} label="Raw JSON" />
    </>
  );
}

function Nothing({ history: { known, problem }, words }: { history: History; words: string }) {
  if (problem)
    return (
      <p className="text-fail">
        <Sentence text={problem.detail} />
      </p>
    );
  return <p className="text-ink-3">{known ? words : 'Loading'}</p>;
}
