// Whether the page is visible and the network is up, which decides how a run is followed.

export interface Presence {
  isHidden: () => boolean;
  isOffline: () => boolean;
  /** Called when one of them changes, and after a request that leads to events. */
  onChange: (listener: () => void) => () => void;
}

const nudges = new EventTarget();

/** Polls at once, after a request that leads to events. */
export const nudge = (): void => void nudges.dispatchEvent(new Event('nudge'));

export const presence: Presence = {
  isHidden: () => document.visibilityState === 'hidden',
  isOffline: () => !navigator.onLine,
  onChange: (listener) => {
    const places: [EventTarget, string][] = [
      [document, 'visibilitychange'],
      [window, 'online'],
      [window, 'offline'],
      [nudges, 'nudge'],
    ];
    for (const [target, name] of places) target.addEventListener(name, listener);
    return () => {
      for (const [target, name] of places) target.removeEventListener(name, listener);
    };
  },
};
