import { Section } from '../parts/Section';
import type { Step } from '../run/run';
import { count, duration, plural } from '../base/format';

export function Thoughts({ step }: { step: Step }) {
  if (!step.thought) return null;
  const { firstAt, textAt } = step.attempts.at(-1) ?? {};
  const tokens = step.usage?.thought_tokens;
  const facts = [
    tokens ? plural(tokens, 'token') : `${count(step.thought.length)} characters`,
    ...(firstAt && textAt ? [duration(Date.parse(textAt) - Date.parse(firstAt))] : []),
  ];
  return (
    <Section title="Thoughts" fact={facts.join(', ')}>
      <p className="spoken small text-ink-2" dir="auto">
        {step.thought}
      </p>
    </Section>
  );
}
