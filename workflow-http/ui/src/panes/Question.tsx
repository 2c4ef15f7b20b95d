// The question to a person, and the text it is about.
import { useState } from 'react';
import { ModelText } from '../parts/ModelText';
import { count } from '../base/format';

/** Longer text is truncated until it is expanded. */
const SHOWN = 400;

/** `isInside`: its place has a margin already. */
export function Question({ message, isInside = false }: { message: string; isInside?: boolean }) {
  const [isAll, setAll] = useState(false);
  const [question, about] = partsOf(message.trim());
  const isLong = about.length > SHOWN;
  return (
    <section role={isInside ? 'group' : undefined} aria-label="Question" className={`ask mt-0.5 mb-3.5 wrap-anywhere ${isInside ? '' : 'mx-4'}`}>
      {question && (
        <p className="font-bold whitespace-pre-wrap" dir="auto">
          {question}
        </p>
      )}
      {about && (
        <div className={`mt-1.5 ${isLong && !isAll ? 'line-clamp-5' : ''}`}>
          <ModelText text={isLong && !isAll ? about.slice(0, 2 * SHOWN) : about} isLive={false} />
        </div>
      )}
      {isLong && (
        <button type="button" className="mt-2 font-strong text-live underline underline-offset-3" aria-expanded={isAll} onClick={() => setAll(!isAll)}>
          {isAll ? 'Show less' : `Show all, ${count(about.length)} characters`}
        </button>
      )}
    </section>
  );
}

/** The first paragraph is the question, unless it is too long. */
function partsOf(message: string): [string, string] {
  const end = message.search(/\n\s*\n/);
  const first = end < 0 ? message : message.slice(0, end);
  return first.length > 240 ? ['', message] : [first, message.slice(first.length).trim()];
}
