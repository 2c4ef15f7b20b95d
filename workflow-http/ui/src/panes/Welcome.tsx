import { Icon } from '../parts/Icon';
import { isMac } from '../words';

export function Welcome({ isSimulated }: { isSimulated: boolean }) {
  return (
    <div className="px-4 py-7 desk:px-8 desk:py-10">
      <h2 className="text-hello leading-8 font-bold tracking-[-0.02em] text-balance">Write a workflow as JSON. Watch it run.</h2>
      <p className="mt-2 max-w-[52ch] text-[15px] leading-[23px] text-ink-2">
        Every token and every retry is shown as it happens, and kept. This one asks a model to explain what you write as its input: press Run<span className="max-desk:hidden">, or <Keys /></span>.
      </p>
      {isSimulated && (
        <p className="mt-5 flex gap-2.5 rounded-card border border-line-2 px-3.5 py-[11px] leading-5 text-ink-2">
          <Icon name="flask" className="mt-0.5 text-retry" />
          <span>
            <b className="text-ink">Answers are simulated.</b> No model is asked and nothing is charged. Start the server with <code>GEMINI_API_KEY</code> set to get real answers.
          </span>
        </p>
      )}
    </div>
  );
}

const Keys = () => (
  <>
    <kbd className="rounded-[4px] border border-line-2 px-1 text-micro text-ink-3">{isMac ? '⌘' : 'Ctrl'}</kbd>{' '}
    <kbd className="rounded-[4px] border border-line-2 px-1 text-micro text-ink-3">Enter</kbd>
  </>
);
