import { describe, expect, it } from 'vitest';
import { createFrameParser } from './sse';

const parse = (...chunks: string[]) => {
  const parser = createFrameParser();
  return chunks.flatMap((chunk) => parser(chunk));
};

describe('frames', () => {
  it('have an id, an event and data', () => {
    expect(parse('id: 7\nevent: run.started\ndata: {"seq":7}\n\n')).toEqual([{ id: '7', event: 'run.started', data: '{"seq":7}' }]);
  });

  it('without an id or event are messages', () => {
    expect(parse('data: a\n\n')).toEqual([{ event: 'message', data: 'a' }]);
  });

  it('keep nothing of the frame before', () => {
    expect(parse('id: 1\nevent: a\ndata: x\n\ndata: y\n\n')[1]).toEqual({ event: 'message', data: 'y' });
  });

  it('join data lines and drop one space only', () => {
    expect(parse('data:  a\ndata:b\ndata\n\n')).toEqual([{ event: 'message', data: ' a\nb\n' }]);
  });

  it('leave out comments, retry and frames without data', () => {
    expect(parse(': ok\n\nretry: 1000\n\n: hb\n\nevent: x\n\n')).toEqual([]);
  });

  it.each(['\n', '\r\n', '\r'])('end lines with %j', (end) => {
    const text = ['id: 1', 'data: a', '', 'id: 2', 'data: b', '', ': hb', ''].join(end);
    expect(parse(text).map((frame) => frame.data)).toEqual(['a', 'b']);
  });

  it('are the same wherever the network cuts', () => {
    const text = 'id: 1\r\nevent: a\r\ndata: x\r\n\r\n: hb\r\n\r\nid: 2\nevent: b\ndata: yy\n\n: hb\n\n';
    const whole = parse(text);
    expect(whole).toHaveLength(2);
    for (let cut = 1; cut < text.length; cut += 1) expect(parse(text.slice(0, cut), text.slice(cut))).toEqual(whole);
    expect(parse(...text)).toEqual(whole);
  });
});
