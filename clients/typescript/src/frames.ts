/** The most characters of one event. A server's limit of a step's output is 1 MiB by default. */
const MAX_EVENT_CHARS = 32 * 1024 * 1024;

/** A frame without data: the greeting, or a heartbeat. */
export const COMMENT = Symbol('comment');

/**
 * The `data` of each event of an event stream (WHATWG HTML, section 9.2.6). Names and ids are not read: the JSON has both.
 * Throws a `RangeError` if an event is too large.
 */
export async function* frames(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string | typeof COMMENT> {
  const decoder = new TextDecoder();
  let line = '';
  let data: string[] = [];
  let chars = 0;
  let isAfterCr = false;
  for await (const piece of pieces) {
    const text = decoder.decode(piece, { stream: true });
    if (text === '') continue;
    const [first = '', ...others] = (isAfterCr && text.startsWith('\n') ? text.slice(1) : text).split(/\r\n|\r|\n/);
    isAfterCr = text.endsWith('\r');
    line += first;
    if (chars + line.length > MAX_EVENT_CHARS) throw new RangeError(`an event has more than ${MAX_EVENT_CHARS} characters`);
    for (const next of others) {
      if (line === '') {
        yield data.length === 0 ? COMMENT : data.join('\n');
        data = [];
        chars = 0;
      } else if (line.startsWith('data:')) {
        data.push(line.slice(line[5] === ' ' ? 6 : 5));
        chars += line.length;
      }
      line = next;
    }
  }
}
