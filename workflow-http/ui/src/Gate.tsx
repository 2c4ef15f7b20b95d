// The page, or the question for a key. With another key the page begins anew; what was written comes back from the draft.
import { lazy, Suspense, useSyncExternalStore } from 'react';
import { App } from './App';
import { onAccess, readAccess } from './api/key';

const SignIn = lazy(() => import('./layout/SignIn'));

export function Gate() {
  const { key, isAsked } = useSyncExternalStore(onAccess, readAccess);
  return isAsked ? (
    <Suspense fallback={null}>
      <SignIn isRefused={key !== null} />
    </Suspense>
  ) : (
    <App key={key} />
  );
}
