// Asks for an API key, when the server requires one.
import { useEffect, useState, type SubmitEvent } from 'react';
import { ApiError, asProblem, tryKey } from '../api/client';
import { signIn } from '../api/key';
import { Button } from '../parts/Button';
import { Icon } from '../parts/Icon';

const UNKNOWN = 'The server does not know this key.';

/** `isRefused`: a key that was accepted before is now refused. */
export default function SignIn({ isRefused }: { isRefused: boolean }) {
  const [key, setKey] = useState('');
  const [refusal, setRefusal] = useState(isRefused ? UNKNOWN : '');
  const [isTrying, setTrying] = useState(false);
  useEffect(() => {
    document.title = 'Workflow';
  }, []);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const shown = key.trim();
    if (shown === '' || isTrying) return;
    setTrying(true);
    setRefusal('');
    try {
      await tryKey(shown);
      signIn(shown);
    } catch (error) {
      setRefusal(error instanceof ApiError && error.status === 401 ? UNKNOWN : asProblem(error).detail);
    } finally {
      setTrying(false);
    }
  };
  return (
    <main className="grid min-h-dvh place-items-center bg-bg p-4">
      <form onSubmit={(event) => void submit(event)} className="grid w-full max-w-[380px] gap-3 rounded-box border border-line bg-panel p-5.5">
        <h1 className="flex items-center gap-2.5 text-lead font-bold">
          <Icon name="mark" size={22} className="stroke-2" />
          This server requires a key
        </h1>
        <label htmlFor="key" className="font-strong">
          API key
        </label>
        <input
          id="key"
          type="password"
          autoComplete="off"
          // biome-ignore lint/a11y/noAutofocus: the only field of the page
          autoFocus
          className="field"
          value={key}
          onChange={(event) => setKey(event.target.value)}
          aria-invalid={refusal !== ''}
          aria-describedby="key-help"
        />
        <p id="key-help" className="text-meta text-ink-2">
          The key stays in this tab until you close it or sign out.
        </p>
        {refusal && (
          <p role="alert" className="text-fail">
            {refusal}
          </p>
        )}
        <div>
          <Button type="submit" look="primary" aria-disabled={key.trim() === '' || isTrying}>
            Sign in
          </Button>
        </div>
      </form>
    </main>
  );
}
