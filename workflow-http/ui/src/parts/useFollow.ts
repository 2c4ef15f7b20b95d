// Keeps the end of something growing in view, until the reader scrolls up.
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

/** Within this many pixels of the end, the reader is at the end. */
const NEAR = 24;

const isAtEnd = (box: HTMLElement): boolean => box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;

function scrollBoxOf(element: HTMLElement | null): HTMLElement | null {
  for (let box = element; box; box = box.parentElement) {
    const { overflowY } = getComputedStyle(box);
    if (overflowY === 'auto' || overflowY === 'scroll') return box;
  }
  return null;
}

/** `content`: an element inside (or being) the box that scrolls. `grown`: changes whenever it may have grown.
 * `missed`: the pixels that came since the reader left the end. */
export function useFollow(isActive: boolean, grown: unknown) {
  const content = useRef<HTMLElement>(null);
  const [isFollowing, setFollowing] = useState(true);
  const following = useRef(true);
  /** How high the content was when the reader left its end, and by how much it has grown since. */
  const left = useRef(0);
  const [missed, setMissed] = useState(0);

  const set = useCallback((on: boolean) => {
    following.current = on;
    setFollowing(on);
  }, []);

  const toEnd = useCallback(() => {
    const box = scrollBoxOf(content.current);
    if (box) box.scrollTop = box.scrollHeight;
  }, []);

  useEffect(() => {
    const box = isActive ? scrollBoxOf(content.current) : null;
    if (!box) return;
    let last = box.scrollTop;
    const onScroll = () => {
      // Only a move upwards is the reader's: growing text moves nothing.
      if (box.scrollTop < last - 1 && !isAtEnd(box)) {
        if (following.current) left.current = box.scrollHeight;
        set(false);
      } else if (isAtEnd(box)) set(true);
      last = box.scrollTop;
    };
    box.addEventListener('scroll', onScroll, { passive: true });
    return () => box.removeEventListener('scroll', onScroll);
  }, [isActive, set]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `grown` is the content whose growth is followed
  useLayoutEffect(() => {
    if (!isActive) return;
    if (following.current) toEnd();
    else setMissed(Math.max(0, (scrollBoxOf(content.current)?.scrollHeight ?? 0) - left.current));
  }, [isActive, grown, toEnd]);

  const follow = useCallback(() => {
    set(true);
    toEnd();
  }, [set, toEnd]);

  return { content, isFollowing, follow, missed: isFollowing ? 0 : missed };
}
