// The text of a model, live and final.
import { useLetters } from '../base/useKeys';
import { Button } from '../parts/Button';
import { Copy } from '../parts/Copy';
import { Icon } from '../parts/Icon';
import { PlainSwitch, ModelText } from '../parts/ModelText';
import { useFollow } from '../parts/useFollow';
import type { Step } from '../run/run';
import { plural } from '../base/format';

/** As the style sheet has it. */
const LINE_HEIGHT = 25;

export function StepText({ step, streamsText }: { step: Step; streamsText: boolean }) {
  const isLive = step.state === 'running' && step.text !== '';
  const text = textOf(step, streamsText);
  const { content, isFollowing, follow, missed } = useFollow(isLive, text);
  useLetters({ e: () => isLive && follow() });
  if (!text) return null;
  const lines = Math.floor(missed / LINE_HEIGHT);
  return (
    <section aria-label="Text" className="border-t border-line" ref={content}>
      <div className="sticky top-0 z-2 flex h-[38px] items-center gap-1 bg-panel pr-2.5 pl-4">
        <h3 className="flex-1 text-meta font-bold text-ink-2">Text</h3>
        {isLive && (
          <Button look="quiet" size="small" aria-pressed={isFollowing} data-testid="follow" aria-keyshortcuts="e" onClick={follow}>
            <Icon name="pin" size={14} />
            {isFollowing ? 'Following' : lines > 0 ? plural(lines, 'new line') : 'Follow'}
          </Button>
        )}
        <PlainSwitch text={text} />
        <Copy text={text} />
      </div>
      <div className="px-4 pb-5">
        <ModelText key={`${step.path} ${step.attempt}`} text={text} isLive={isLive} />
      </div>
    </section>
  );
}

/** The text of a model is its output if that is text, else what was streamed. The output of a handled failure is not its text. */
export function textOf(step: Step, streamsText: boolean): string {
  if (streamsText && typeof step.output === 'string' && !step.handled) return step.output;
  if (step.said) return step.said.text ?? '';
  return step.state === 'completed' ? '' : step.text;
}
