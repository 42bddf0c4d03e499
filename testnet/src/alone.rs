//! A node outside the demo's plan: in a folder of its own, on whatever ports are free, with
//! nobody's patience for what goes wrong. What is measured is measured on these.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::client::{Ask, Client, ClientError};
use crate::ids::{self, Nonce};
use crate::processes::{Founding, Process, ProcessError, Program, Settings, Verified};
use crate::settle::Office;
use crate::voice;

/// How long a node that runs may say that it is not ready.
const READY: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(5);

/// A node that does not run.
pub struct Home {
    folder: PathBuf,
    program: Program,
    password: String,
}

/// A node that runs; killed when it is dropped.
pub struct Running {
    process: Process,
    client: Arc<Client>,
    /// From the start of its process until it said that it is ready.
    pub starting: Duration,
}

/// What the system says of a process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Resident memory in bytes.
    pub resident: u64,
    /// The most that it ever was, in bytes.
    pub peak: u64,
    /// Processor time so far, its own and the system's for it.
    pub worked: Duration,
}

/// Why a node is not there.
#[derive(Debug, thiserror::Error)]
pub enum AloneError {
    /// Its process.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// It did not answer as it should.
    #[error("the node in {folder} does not answer as it should")]
    Asked {
        /// Its folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: ClientError,
    },
    /// A file of it.
    #[error("{path} can't be used")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// It has not said where it is reached.
    #[error("{0} does not say where the node is reached")]
    Nowhere(PathBuf),
}

impl Home {
    /// A node that founds a federation.
    ///
    /// # Errors
    /// [`AloneError`].
    pub async fn found(
        program: &Program,
        folder: PathBuf,
        founding: Founding<'_>,
    ) -> Result<Self, AloneError> {
        let home = Self::prepare(program, folder)?;
        let (config, password) = (home.config(), home.password_file());
        program.found(Settings { config: &config, password: &password }, founding).await?;
        Ok(home)
    }

    /// A node that joins one with an invitation.
    ///
    /// # Errors
    /// [`AloneError`].
    pub async fn join(
        program: &Program,
        folder: PathBuf,
        invitation: &str,
    ) -> Result<Self, AloneError> {
        let home = Self::prepare(program, folder)?;
        let (config, password) = (home.config(), home.password_file());
        program.join(Settings { config: &config, password: &password }, invitation).await?;
        Ok(home)
    }

    fn prepare(program: &Program, folder: PathBuf) -> Result<Self, AloneError> {
        let random = ids::random().map_err(|source| file(&folder)(source))?;
        let password = format!("load-{}", &random[..12]);
        let home = Self { folder, program: program.clone(), password };
        std::fs::create_dir_all(&home.folder).map_err(file(&home.folder))?;
        let (config, secret) = (home.config(), home.password_file());
        crate::folder::write_whole(&config, CONFIG.as_bytes()).map_err(file(&config))?;
        crate::folder::write_whole(&secret, home.password.as_bytes()).map_err(file(&secret))?;
        Ok(home)
    }

    fn config(&self) -> PathBuf {
        self.folder.join("wangge.toml")
    }

    fn password_file(&self) -> PathBuf {
        self.folder.join("password")
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Starts it and waits until `/readyz` says 200.
    ///
    /// # Errors
    /// [`AloneError`].
    pub async fn start(&self) -> Result<Running, AloneError> {
        let began = Instant::now();
        let process = self.program.serve(&self.folder, &self.config()).await?;
        let client = Arc::new(Client::new(self.host()?));
        loop {
            match client.send_once(&Ask::get("/readyz")).await {
                Ok(_) => break,
                Err(_) if began.elapsed() < READY => tokio::time::sleep(LOOK).await,
                Err(source) => return Err(self.asked(source)),
            }
        }
        Ok(Running { process, client, starting: began.elapsed() })
    }

    /// Host and port of the running node's API, as it has written them down.
    fn host(&self) -> Result<String, AloneError> {
        let path = self.data().join("running.json");
        let written = std::fs::read(&path).map_err(file(&path))?;
        let note: Value = serde_json::from_slice(&written).unwrap_or_default();
        let host = note.get("url").and_then(Value::as_str);
        let host = host.and_then(|url| url.strip_prefix("http://")).map(str::to_owned);
        host.ok_or(AloneError::Nowhere(path))
    }

    /// The bearer token of its operator.
    ///
    /// # Errors
    /// [`AloneError::File`].
    pub fn token(&self) -> Result<String, AloneError> {
        let path = self.data().join("operator.token");
        let text = std::fs::read_to_string(&path).map_err(file(&path))?;
        Ok(text.trim().to_owned())
    }

    /// The password of its accounts, made for this run.
    #[must_use]
    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// Its operator at work, while it runs.
    ///
    /// # Errors
    /// [`AloneError::File`].
    pub fn office<'a>(
        &self,
        running: &'a Running,
        nonce: &Nonce,
    ) -> Result<Office<'a>, AloneError> {
        Ok(Office {
            client: running.client(),
            token: self.token()?,
            key: self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            ids: nonce.clone(),
            password: self.password.clone(),
        })
    }

    /// Verifies its journal; it must not run.
    ///
    /// # Errors
    /// [`AloneError::Process`].
    pub async fn verify(&self) -> Result<Verified, AloneError> {
        Ok(self.program.verify(&self.data()).await?)
    }

    /// What it means that a request failed.
    #[must_use]
    pub fn asked(&self, source: ClientError) -> AloneError {
        AloneError::Asked { folder: self.folder.clone(), source }
    }
}

impl Running {
    /// Its client.
    #[must_use]
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// What it uses now.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.process.id().map(Usage::of).unwrap_or_default()
    }

    /// Stops it in order.
    ///
    /// # Errors
    /// [`AloneError::Process`].
    pub async fn stop(self) -> Result<(), AloneError> {
        Ok(self.process.stop().await?)
    }
}

impl Usage {
    /// Of a process; zeros where the system does not say.
    #[must_use]
    pub fn of(process: u32) -> Self {
        let read = |name: &str| std::fs::read_to_string(format!("/proc/{process}/{name}"));
        let (status, stat) = (read("status").unwrap_or_default(), read("stat").unwrap_or_default());
        Self {
            resident: kib(&status, "VmRSS:") * 1_024,
            peak: kib(&status, "VmHWM:") * 1_024,
            worked: worked(&stat),
        }
    }

    /// Of this program itself.
    #[must_use]
    pub fn own() -> Self {
        Self::of(std::process::id())
    }
}

/// A value of `/proc/PID/status`, in KiB.
fn kib(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// User and system time of `/proc/PID/stat` (proc(5), fields 14 and 15), which count hundredths of
/// a second on every Linux there is.
fn worked(stat: &str) -> Duration {
    // The name in brackets may hold blanks.
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let ticks = |field: usize| after.split_whitespace().nth(field - 3)?.parse::<u64>().ok();
    Duration::from_millis(10 * (ticks(14).unwrap_or(0) + ticks(15).unwrap_or(0)))
}

fn file(path: &Path) -> impl FnOnce(std::io::Error) -> AloneError {
    let path = path.to_path_buf();
    move |source| AloneError::File { path, source }
}

/// Whoever measures comes from one address and is everybody's resident.
const CONFIG: &str = r#"# 压力测试的节点，由 testnet 写成。 The node of a load test, written by testnet.
data = "data"

[http]
listen = "127.0.0.1:0"

[http.quota]
reports = { burst = 1000000000, per_hour = 1000000000 }
reports_of_all = { burst = 1000000000, per_hour = 1000000000 }
codes = { burst = 1000000000, per_hour = 1000000000 }

[network]
listen = ["/ip4/127.0.0.1/tcp/0"]

[network.backoff]
first = "300ms"
longest = "2s"

[log]
format = "human"
level = "info"
"#;

/// Where things are measured: a new folder, removed in the end, into which a server under another
/// user may look.
///
/// # Errors
/// [`AloneError::File`].
pub fn folder(within: Option<&Path>) -> Result<tempfile::TempDir, AloneError> {
    use std::os::unix::fs::PermissionsExt as _;
    let within = within.map_or_else(std::env::temp_dir, Path::to_path_buf);
    let mut builder = tempfile::Builder::new();
    builder.prefix("wangge-load-").permissions(std::fs::Permissions::from_mode(0o711));
    let made = builder.tempdir_in(&within).map_err(file(&within))?;
    if is_memory(made.path()) {
        voice::error(
            "注意：该目录在内存文件系统上，同步不花时间。用 --dir 换到磁盘上。 \
             note: this folder is in memory, where syncing costs nothing: choose a disk with --dir",
        );
    }
    Ok(made)
}

/// Whether what lies there is gone with the power (statfs(2)).
fn is_memory(path: &Path) -> bool {
    const TMPFS_MAGIC: rustix::fs::FsWord = 0x0102_1994;
    rustix::fs::statfs(path).is_ok_and(|found| found.f_type == TMPFS_MAGIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_uses_is_read_whatever_it_is_called() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194304 1 2 3 4 150 50 0 0 20 0 1 0";
        assert_eq!(worked(stat), Duration::from_secs(2));
        assert_eq!(kib("VmPeak:\t 9 kB\nVmRSS:\t    1234 kB\n", "VmRSS:"), 1_234);
        let own = Usage::own();
        assert!(own.resident > 0 && own.peak >= own.resident);
    }

    #[test]
    fn the_configuration_is_one_that_a_node_takes() {
        let layer = node::config::Layer::text("wangge.toml".as_ref(), CONFIG).unwrap();
        assert!(node::config::load(vec![layer]).is_ok());
    }
}
