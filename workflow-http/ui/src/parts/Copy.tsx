import { useEffect, useState } from 'react';
import { Button } from './Button';
import { Icon } from './Icon';

/** Copies a text and says so, for as long as it takes to read. */
export function Copy({ text }: { text: string }) {
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => setSaid(''), 2000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setSaid('Copied'),
      () => setSaid('Not allowed'),
    );
  return (
    <Button look="quiet" size="small" onClick={() => void copy()} aria-label="Copy text">
      <Icon name={said === 'Copied' ? 'completed' : 'copy'} size={14} />
      <span role="status">{said}</span>
    </Button>
  );
}
