//! Standard output and standard error behind bounded queues.
//!
//! Each has a thread that writes: if a pipe is not read, only this thread blocks. `tracing-appender` does the same
//! for logs, but limits lines instead of bytes, does not count lines whose write failed, and prints to standard output
//! if its queue is full at exit, which may block or panic.

use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

/// The most bytes in the queue. Further texts are dropped.
const QUEUE_BYTES: usize = 1024 * 1024;

/// How long the program waits at exit for the queue to be written.
const FLUSH_TIME: Duration = Duration::from_secs(1);

/// A stream whose writers do not wait for its reader. Clones write to the same stream.
#[derive(Clone)]
pub(crate) struct Output(Arc<Queue>);

struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    texts: VecDeque<Vec<u8>>,
    /// The bytes of all queued texts, and of the one that is being written.
    bytes: usize,
    /// The number of texts that did not fit or whose write failed.
    dropped: u64,
    /// Whether the last write failed, since the reader has closed the stream.
    is_closed: bool,
}

impl Output {
    /// Starts the thread that writes.
    pub(crate) fn to(stream: impl Write + Send + 'static) -> io::Result<Self> {
        let queue = Arc::new(Queue {
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let written = Arc::clone(&queue);
        let writer = thread::Builder::new().name("output".to_owned());
        writer.spawn(move || written.write_to(stream))?;
        Ok(Self(queue))
    }

    /// Queues a text, or drops and counts it.
    pub(crate) fn push(&self, text: &[u8]) {
        let mut state = self.0.lock();
        if state.bytes + text.len() > QUEUE_BYTES {
            state.dropped += 1;
            return;
        }
        state.bytes += text.len();
        state.texts.push_back(text.to_owned());
        self.0.changed.notify_all();
    }

    /// The number of dropped texts.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.lock().dropped
    }

    /// Whether the stream is being read: the last write succeeded and the queue is less than half full.
    pub(crate) fn is_read(&self) -> bool {
        let state = self.0.lock();
        !state.is_closed && state.bytes < QUEUE_BYTES / 2
    }

    /// Waits until the queue is written, for at most a second.
    pub(crate) fn flush(&self) {
        let state = self.0.lock();
        let waits = |state: &mut State| state.bytes > 0;
        let waited = self.0.changed.wait_timeout_while(state, FLUSH_TIME, waits);
        drop(waited);
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_to(&self, mut stream: impl Write) {
        let mut state = self.lock();
        loop {
            let Some(text) = state.texts.pop_front() else {
                let waited = self.changed.wait(state);
                state = waited.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            drop(state);
            let written = stream.write_all(&text).and_then(|()| stream.flush());
            state = self.lock();
            state.bytes -= text.len();
            state.is_closed = written.is_err();
            state.dropped += u64::from(written.is_err());
            self.changed.notify_all();
        }
    }
}

impl Write for Output {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.push(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Output {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Writes the last line of the program to standard error. Waits for a reader for at most a second.
pub(crate) fn write_last(text: &str) {
    if let Ok(stderr) = Output::to(io::stderr()) {
        stderr.push(format!("{text}\n").as_bytes());
        stderr.flush();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A stream that writes one text per received value; `true` makes the write fail.
    struct Scripted(mpsc::Receiver<bool>, mpsc::Sender<Vec<u8>>);

    impl Write for Scripted {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            if self.0.recv().unwrap_or(true) {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            self.1.send(text.to_owned()).ok();
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn texts_above_the_limit_are_dropped_and_counted() {
        let (outcome, outcomes) = mpsc::channel();
        let (sender, written) = mpsc::channel();
        let output = Output::to(Scripted(outcomes, sender)).unwrap();
        let text = vec![b'x'; QUEUE_BYTES / 4];
        for _ in 0..7 {
            output.push(&text);
        }
        assert_eq!(output.dropped(), 3);
        assert!(!output.is_read());
        for _ in 0..4 {
            outcome.send(false).unwrap();
            assert_eq!(written.recv().unwrap().len(), text.len());
        }
        output.flush();
        assert!(output.is_read());
        output.push(b"taken");
        outcome.send(false).unwrap();
        assert_eq!(written.recv().unwrap(), b"taken");
        assert_eq!(output.dropped(), 3);
    }

    #[test]
    fn failed_writes_are_counted() {
        let (outcome, outcomes) = mpsc::channel();
        let (sender, written) = mpsc::channel();
        let output = Output::to(Scripted(outcomes, sender)).unwrap();
        output.push(b"lost");
        outcome.send(true).unwrap();
        output.flush();
        assert_eq!((output.dropped(), output.is_read()), (1, false));
        output.push(b"written");
        outcome.send(false).unwrap();
        output.flush();
        assert_eq!((output.dropped(), output.is_read()), (1, true));
        assert_eq!(written.recv().unwrap(), b"written");
    }
}
