//! The raw group-committed append: the most that any design can do which answers after the sync.
//! Whoever writes waits until their own record is durable; one thread takes what is waiting and
//! makes one write and one sync of it.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// A record that waits, and whom to tell.
type Waiting = (Vec<u8>, oneshot::Sender<()>);

/// Appends so many records of so many bytes from so many writers at a time to a file, which is made
/// where it is not there; gives how long that took.
///
/// # Errors
/// The system's.
pub(super) async fn append(
    path: &Path,
    count: u64,
    bytes: usize,
    writers: usize,
) -> std::io::Result<Duration> {
    let (queue, waiting) = mpsc::channel(writers);
    let file = File::options().append(true).create(true).open(path)?;
    let thread = std::thread::Builder::new().name("append".into());
    let thread = thread.spawn(move || drain(file, waiting, writers))?;
    let began = Instant::now();
    let mut open = JoinSet::new();
    for writer in 0..writers as u64 {
        let share = count / writers as u64 + u64::from(writer < count % writers as u64);
        open.spawn(write(queue.clone(), share, bytes));
    }
    drop(queue);
    open.join_all().await;
    let took = began.elapsed();
    let outcome = tokio::task::spawn_blocking(move || thread.join()).await?;
    outcome.unwrap_or_else(|_| Err(std::io::Error::other("the writing thread failed")))?;
    Ok(took)
}

async fn write(queue: mpsc::Sender<Waiting>, count: u64, bytes: usize) {
    for _ in 0..count {
        let (told, durable) = oneshot::channel();
        // A writing thread that failed says so itself.
        if queue.send((vec![0x5a; bytes], told)).await.is_err() || durable.await.is_err() {
            return;
        }
    }
}

fn drain(
    mut file: File,
    mut waiting: mpsc::Receiver<Waiting>,
    writers: usize,
) -> std::io::Result<()> {
    let (mut batch, mut buffer) = (Vec::new(), Vec::new());
    while waiting.blocking_recv_many(&mut batch, writers) > 0 {
        for (record, _) in &batch {
            buffer.extend_from_slice(record);
        }
        file.write_all(&buffer)?;
        file.sync_data()?;
        buffer.clear();
        for (_, told) in batch.drain(..) {
            // A writer that has gone away does not wait.
            let _ = told.send(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_record_is_in_the_file_when_its_writer_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("append");
        append(&path, 101, 300, 8).await.unwrap();
        append(&path, 2, 10, 8).await.unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 101 * 300 + 20);
        assert!(append(folder.path(), 1, 1, 1).await.is_err(), "a folder is no file");
    }
}
