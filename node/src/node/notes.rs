//! What is written down for others while the node runs: `running.json` and `addresses.json`. An
//! address of `0.0.0.0` becomes one of each network interface, and these come one by one.

use tokio::sync::watch;

use super::listen::Heard;
use crate::file::{self, FileError};
use crate::folder::Folder;
use crate::summary::{Last, Summary};

/// The two notes.
pub(super) struct Notes {
    pub(super) folder: Folder,
    pub(super) summary: Summary,
    pub(super) last: Last,
}

impl Notes {
    pub(super) fn write(&self) -> Result<(), FileError> {
        file::write(&self.folder.last(), &self.last)?;
        file::write(&self.folder.running(), &self.summary)
    }

    /// Keeps them right until the network has ended. That it has no address any more at its end
    /// is not worth a note.
    pub(super) async fn keep(mut self, mut heard: watch::Receiver<Heard>) {
        while heard.changed().await.is_ok() {
            let (addresses, moved) = {
                let heard = heard.borrow_and_update();
                (heard.addresses.clone(), heard.moved)
            };
            if addresses.is_empty() || addresses == self.summary.addresses {
                continue;
            }
            self.summary.addresses.clone_from(&addresses);
            (self.last.addresses, self.last.moved) = (addresses, moved);
            if let Err(error) = self.write() {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(
                    error,
                    "本节点的地址没能记下：请检查磁盘 this node's addresses could not be written down"
                );
            }
        }
    }
}
