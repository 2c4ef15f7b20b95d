// Parses Server-Sent Events from chunks of text, split anywhere.

export interface Frame {
  id?: string;
  event: string;
  data: string;
}

/** A parser with state: takes a chunk, returns the frames that are complete. */
export function createFrameParser(): (chunk: string) => Frame[] {
  let rest = '';
  let id: string | undefined;
  let event = '';
  let data: string[] = [];

  const field = (line: string) => {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') data.push(value);
    else if (name === 'event') event = value;
    else if (name === 'id') id = value;
  };

  return (chunk) => {
    const frames: Frame[] = [];
    rest += chunk;
    for (;;) {
      const end = rest.search(/[\r\n]/);
      // A CR at the very end may be half of a CRLF.
      if (end < 0 || (rest[end] === '\r' && end === rest.length - 1)) return frames;
      const line = rest.slice(0, end);
      rest = rest.slice(rest.startsWith('\r\n', end) ? end + 2 : end + 1);
      if (line !== '') {
        if (!line.startsWith(':')) field(line);
        continue;
      }
      if (data.length > 0) frames.push({ ...(id === undefined ? {} : { id }), event: event || 'message', data: data.join('\n') });
      id = undefined;
      event = '';
      data = [];
    }
  };
}
