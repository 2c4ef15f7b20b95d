import { useEffect, useState } from 'react';
import { Button } from './Button';
import { Icon } from './Icon';

interface Props {
  /** The text, or how to get it. */
  text: string | (() => Promise<string>);
  /** What is copied, said on the button. */
  word?: string;
}

/** Copies a text and says so, for as long as it takes to read. */
export function Copy({ text, word = '' }: Props) {
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => setSaid(''), 2000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === 'string' ? text : await text());
      setSaid('Copied');
    } catch {
      setSaid('Not copied');
    }
  };
  return (
    <Button look="quiet" size="small" onClick={() => void copy()} aria-label={said || word || 'Copy text'}>
      <Icon name={said === 'Copied' ? 'completed' : 'copy'} size={14} />
      <span role="status">{said || word}</span>
    </Button>
  );
}
