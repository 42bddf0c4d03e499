//! What the demo says while it works: Chinese first, English beside it.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

/// Says things on standard output, or keeps still.
#[derive(Clone)]
pub struct Voice(Option<Arc<Instant>>);

impl Voice {
    /// A voice; a quiet one says nothing.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        Self((!quiet).then(|| Arc::new(Instant::now())))
    }

    /// A line of progress, with the seconds since the start.
    pub fn progress(&self, zh: &str, en: &str) {
        if let Some(began) = &self.0 {
            let seconds = began.elapsed().as_secs_f64();
            line(&format!("[{seconds:6.1}s] {zh}  {en}"));
        }
    }

    /// A text as it is.
    pub fn text(&self, text: &str) {
        if self.0.is_some() {
            line(text);
        }
    }
}

/// A reader that has gone away is no failure.
fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// A line on standard error.
pub fn error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
