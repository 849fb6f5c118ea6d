//! The log of a guest: everything the guest prints is kept up to a limit while the call runs, and written to the
//! host's own log at debug level when the call ends. The plugin prints nothing about persons; an operator who raises
//! the level sees panics and little else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::visible::visible;

/// Standard output and standard error of one call, in one text.
#[derive(Debug, Clone)]
pub(super) struct GuestLog {
    limit_bytes: usize,
    printed: Arc<Mutex<Printed>>,
}

#[derive(Debug, Default)]
struct Printed {
    kept: Vec<u8>,
    dropped_bytes: usize,
}

impl GuestLog {
    pub(super) fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, printed: Arc::default() }
    }

    /// Writes the printed text to the host's log, within the span of the call.
    pub(super) fn flush(&self) {
        let printed = std::mem::take(&mut *self.printed());
        for line in lines(&printed.kept) {
            tracing::debug!(line, "the plugin printed");
        }
        if printed.dropped_bytes > 0 {
            tracing::warn!(dropped_bytes = printed.dropped_bytes, "the plugin printed more than it may");
        }
    }

    fn printed(&self) -> MutexGuard<'_, Printed> {
        // A panic while the lock is held leaves a shorter log and does no other harm.
        self.printed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lines of what was printed, without the characters that a terminal obeys.
fn lines(printed: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(printed).lines().map(visible).collect()
}

impl IsTerminal for GuestLog {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestLog {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    /// Only WASI 0.3 calls this function, and WASI 0.3 is not linked.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }
}

impl OutputStream for GuestLog {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let limit = self.limit_bytes;
        let mut printed = self.printed();
        let room = bytes.len().min(limit - printed.kept.len());
        printed.kept.extend(bytes.iter().take(room));
        printed.dropped_bytes += bytes.len() - room;
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(self.limit_bytes.max(1))
    }
}

#[async_trait::async_trait]
impl Pollable for GuestLog {
    async fn ready(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing_of_what_is_printed() {
        let printed = b"\x1b[2J\x1b]0;title\x07all is well\rERROR\n\xff\xe2\x80\xae\n";
        let shown = ["\\u{1b}[2J\\u{1b}]0;title\\u{7}all is well ERROR", "\u{fffd}\\u{202e}"];
        assert_eq!(lines(printed), shown);
    }

    #[test]
    fn what_exceeds_the_limit_is_counted_and_dropped() {
        let mut log = GuestLog::new(5);
        for piece in ["abc", "def", "ghi"] {
            log.write(Bytes::from(piece)).unwrap();
        }
        let printed = log.printed();
        assert_eq!((printed.kept.as_slice(), printed.dropped_bytes), (b"abcde".as_slice(), 4));
    }
}
