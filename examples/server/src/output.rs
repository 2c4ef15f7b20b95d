//! Standard output and standard error behind bounded queues.
//!
//! A thread of its own writes each: when nobody reads a pipe, that thread waits and nothing else does.
//! `tracing-appender` does the same for logs, but bounds lines and not bytes, does not count lines that could not
//! be written, and prints to standard output when its queue is full at the end, which may block or panic.

use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

/// How many bytes wait to be written at most; what comes then is dropped.
const QUEUE_BYTES: usize = 1024 * 1024;

/// How long the end of the program waits for what is still to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A stream that is written without waiting for its reader. Clones are the same stream.
#[derive(Clone)]
pub(crate) struct Output(Arc<Queue>);

struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    texts: VecDeque<Vec<u8>>,
    /// Of all texts that wait, and of the one that is being written.
    bytes: usize,
    /// Texts that found no capacity or could not be written.
    dropped: u64,
    /// Whether the last text could not be written: the reader is gone.
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

    /// How many texts were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.lock().dropped
    }

    /// Whether texts are read, or soon will be.
    pub(crate) fn is_read(&self) -> bool {
        let state = self.0.lock();
        !state.is_closed && state.bytes < QUEUE_BYTES / 2
    }

    /// Waits until all is written, for a second at most.
    pub(crate) fn flush(&self) {
        let state = self.0.lock();
        let waits = |state: &mut State| state.bytes > 0;
        let waited = self.0.changed.wait_timeout_while(state, LAST_WORDS, waits);
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

/// Writes the last text of the program to standard error, unless nobody reads that.
pub(crate) fn say_last(text: &str) {
    if let Ok(stderr) = Output::to(io::stderr()) {
        stderr.push(format!("{text}\n").as_bytes());
        stderr.flush();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A stream that takes one text for each answer: whether it fails.
    struct Answered(mpsc::Receiver<bool>, mpsc::Sender<Vec<u8>>);

    impl Write for Answered {
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
    fn what_finds_no_capacity_is_dropped_and_counted() {
        let (answer, answers) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let output = Output::to(Answered(answers, tell)).unwrap();
        let text = vec![b'x'; QUEUE_BYTES / 4];
        for _ in 0..7 {
            output.push(&text);
        }
        assert_eq!(output.dropped(), 3);
        assert!(!output.is_read());
        for _ in 0..4 {
            answer.send(false).unwrap();
            assert_eq!(told.recv().unwrap().len(), text.len());
        }
        output.flush();
        assert!(output.is_read());
        output.push(b"taken");
        answer.send(false).unwrap();
        assert_eq!(told.recv().unwrap(), b"taken");
        assert_eq!(output.dropped(), 3);
    }

    #[test]
    fn what_cannot_be_written_is_counted() {
        let (answer, answers) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let output = Output::to(Answered(answers, tell)).unwrap();
        output.push(b"lost");
        answer.send(true).unwrap();
        output.flush();
        assert_eq!((output.dropped(), output.is_read()), (1, false));
        output.push(b"written");
        answer.send(false).unwrap();
        output.flush();
        assert_eq!((output.dropped(), output.is_read()), (1, true));
        assert_eq!(told.recv().unwrap(), b"written");
    }
}
