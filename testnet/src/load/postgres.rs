//! The same reports as single-row inserts into PostgreSQL: a cluster of its own, made with
//! `initdb` and left at its defaults (`fsync` and `synchronous_commit` on), a table of cases with
//! the indexes that such a table has, and `pgbench` as the clients, each insert a transaction of
//! its own.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::intake::Form;

/// Where distributions put the programs, besides the search path.
const VERSIONS: [&str; 2] = ["/usr/lib/postgresql", "/usr"];
/// Whom the server runs as where we are root, which it refuses to be.
const USERS: [&str; 2] = ["postgres", "nobody"];
const SCHEMA: &str = include_str!("schema.sql");
const INSERT: &str = include_str!("insert.sql");
/// How long the server may take to answer, and to stop.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(100);

/// PostgreSQL's programs.
pub(super) struct Tools {
    initdb: PathBuf,
    postgres: PathBuf,
    pgbench: PathBuf,
}

/// Why nothing was inserted.
#[derive(Debug, thiserror::Error)]
pub(super) enum PostgresError {
    /// A program can't be run.
    #[error("{program} can't be run: {source}")]
    Run {
        program: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A program failed.
    #[error("{program} failed: {said}")]
    Failed { program: PathBuf, said: String },
    /// A file can't be written.
    #[error("{path} can't be made: {source}")]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// Root has nobody to run it as.
    #[error("it refuses to run as root, and there is no user {} here", USERS.join(" or "))]
    NoUser,
    /// pgbench did not say what is expected.
    #[error("pgbench says something unknown: {0}")]
    Unknown(String),
    /// Fewer rows than clients.
    #[error("fewer rows than clients")]
    TooFew,
}

impl Tools {
    /// The programs, if all of them are at hand.
    pub(super) fn at_hand() -> Option<Self> {
        let folders = folders();
        let find = |name: &str| {
            let mut paths = folders.iter().map(|folder| folder.join(name));
            paths.find(|path| path.is_file())
        };
        let (initdb, postgres) = (find("initdb")?, find("postgres")?);
        Some(Self { initdb, postgres, pgbench: find("pgbench")? })
    }

    /// What the server calls itself, such as `PostgreSQL 15.14`.
    pub(super) async fn version(&self) -> Result<String, PostgresError> {
        let output =
            run(&self.postgres, &mut command(&self.postgres, None), &["--version"]).await?;
        let said = String::from_utf8_lossy(&output.stdout);
        let number =
            said.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        Ok(format!("PostgreSQL {}", number.unwrap_or("?")))
    }
}

fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for above in VERSIONS {
        let versions = std::fs::read_dir(above).into_iter().flatten().flatten();
        let bins = versions.map(|version| version.path().join("bin"));
        folders.extend(bins.filter(|bin| bin.join("initdb").is_file()));
    }
    // The newest first; the search path's wrappers last.
    folders.sort_by(|one, other| other.cmp(one));
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    folders
}

/// The form's texts as pgbench's variables.
fn values(form: &Form) -> Vec<String> {
    let Form { title, description, channel, category, place, address, .. } = form;
    let Form { contact_name, contact_phone, .. } = form;
    vec![
        format!("title={title}"),
        format!("description={description}"),
        format!("channel={channel}"),
        format!("category={category}"),
        format!("place={place}"),
        format!("address={address}"),
        format!("contact_name={contact_name}"),
        format!("contact_phone={contact_phone}"),
    ]
}

/// What pgbench says it has done, when that is everything: `number of transactions actually
/// processed: 640/640` and `tps = 4321.098765 (without initial connection time)`.
fn done(said: &str) -> Option<(u64, Duration)> {
    let value = |name: &str| said.lines().find_map(|line| line.trim().strip_prefix(name));
    let (done, wanted) = value("number of transactions actually processed: ")?.split_once('/')?;
    let rows: u64 = done.parse().ok().filter(|_| done == wanted)?;
    let rate: f64 = value("tps = ")?.split_whitespace().next()?.parse().ok()?;
    Some((rows, Duration::try_from_secs_f64(rows as f64 / rate).ok()?))
}

/// Somebody the server may run as.
#[derive(Clone, Copy)]
struct User {
    id: u32,
    group: u32,
}

/// Nobody else, where we are not root.
fn user() -> Result<Option<User>, PostgresError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    USERS.iter().find_map(|name| named(&known, name)).map(Some).ok_or(PostgresError::NoUser)
}

/// A user of `/etc/passwd` (passwd(5)).
fn named(known: &str, name: &str) -> Option<User> {
    let line = known.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut numbers = line.split(':').skip(2).map(str::parse);
    Some(User { id: numbers.next()?.ok()?, group: numbers.next()?.ok()? })
}

fn command(program: &Path, user: Option<User>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).kill_on_drop(true);
    // Nothing of our environment may point it at another server.
    let names = std::env::vars_os().map(|(name, _)| name);
    for name in names.filter(|name| name.to_string_lossy().starts_with("PG")) {
        command.env_remove(name);
    }
    if let Some(user) = user {
        command.uid(user.id).gid(user.group);
    }
    command
}

async fn run(
    program: &Path,
    command: &mut Command,
    args: &[&str],
) -> Result<Output, PostgresError> {
    let output = command.args(args).output().await;
    let output = output.map_err(|source| PostgresError::Run { program: program.into(), source })?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(PostgresError::Failed { program: program.into(), said })
}

/// A server on a socket of its own, with the table; killed when it is dropped.
pub(super) struct Server {
    process: Child,
    folder: PathBuf,
}

impl Server {
    /// Makes a cluster in a folder that is not there yet, and starts it.
    pub(super) async fn start(tools: &Tools, folder: &Path) -> Result<Self, PostgresError> {
        let server = Self::spawn(tools, folder).await?;
        server.until_ready(tools).await?;
        server.script(tools, "schema.sql", SCHEMA, &[]).await?;
        Ok(server)
    }

    /// Inserts a form as so many rows, a little fewer where that does not divide evenly, by so many
    /// clients at a time; gives how many it were and the time for them, connecting not counted.
    pub(super) async fn insert(
        &self,
        tools: &Tools,
        form: &Form,
        rows: u64,
        clients: usize,
    ) -> Result<(u64, Duration), PostgresError> {
        let each = rows / clients as u64;
        if each == 0 {
            return Err(PostgresError::TooFew);
        }
        let (clients, each) = (clients.to_string(), each.to_string());
        let mut args = vec!["-c", &clients, "-j", "2", "-M", "prepared", "-t", &each];
        let values = values(form);
        args.extend(values.iter().flat_map(|value| ["-D", value.as_str()]));
        let said = self.script(tools, "insert.sql", INSERT, &args).await?;
        done(&said).ok_or(PostgresError::Unknown(said))
    }

    async fn spawn(tools: &Tools, folder: &Path) -> Result<Self, PostgresError> {
        let user = user()?;
        let file = |path: &Path| {
            let path = path.to_path_buf();
            move |source| PostgresError::File { path, source }
        };
        std::fs::DirBuilder::new().mode(0o700).create(folder).map_err(file(folder))?;
        if let Some(User { id, group }) = user {
            std::os::unix::fs::chown(folder, Some(id), Some(group)).map_err(file(folder))?;
        }
        let data = folder.join("data");
        let mut initdb = command(&tools.initdb, user);
        initdb.current_dir(folder).arg("-D").arg(&data);
        let args = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"];
        run(&tools.initdb, &mut initdb, &args).await?;
        let log = folder.join("server.log");
        let opened = std::fs::File::create(&log).and_then(|log| Ok((log.try_clone()?, log)));
        let (out, errors) = opened.map_err(file(&log))?;
        let mut server = command(&tools.postgres, user);
        server.current_dir(folder).arg("-D").arg(&data).arg("-k").arg(folder);
        server.args(["-c", "listen_addresses="]).stdout(out).stderr(errors);
        let process = server.spawn();
        let process = process
            .map_err(|source| PostgresError::Run { program: tools.postgres.clone(), source })?;
        Ok(Self { process, folder: folder.into() })
    }

    async fn until_ready(&self, tools: &Tools) -> Result<(), PostgresError> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.script(tools, "ready.sql", "SELECT 1;\n", &[]).await {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > until => return Err(error),
                Err(_) => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// Has pgbench run a script, once if nothing else is said, and gives what it says.
    async fn script(
        &self,
        tools: &Tools,
        name: &str,
        text: &str,
        args: &[&str],
    ) -> Result<String, PostgresError> {
        let path = self.folder.join(name);
        let written = std::fs::write(&path, text);
        written.map_err(|source| PostgresError::File { path: path.clone(), source })?;
        let mut bench = command(&tools.pgbench, None);
        bench.arg("-h").arg(&self.folder).args(["-U", "postgres", "-n", "-f"]).arg(&path);
        if args.is_empty() {
            bench.args(["-c", "1", "-t", "1"]);
        }
        bench.args(args).arg("postgres");
        let output = run(&tools.pgbench, &mut bench, &[]).await?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// A fast shutdown (SIGINT); what is left of it when it takes too long is killed.
    pub(super) async fn stop(mut self) {
        let id = self.process.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id.and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::INT);
        }
        let _ = tokio::time::timeout(PATIENCE, self.process.wait()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_counts_only_when_every_row_was_inserted() {
        let said = |done: u32| {
            format!(
                "transaction type: i.sql\nnumber of transactions actually processed: {done}/640\n\
                 tps = 320.0 (without initial connection time)\n"
            )
        };
        assert_eq!(done(&said(640)), Some((640, Duration::from_secs(2))));
        assert_eq!(done(&said(639)), None);
        assert_eq!(done(""), None);
    }

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let known = "postgres-old:x:1:2::/:\npostgres:x:101:104:admin:/var/lib:/bin/bash\n";
        let user = named(known, "postgres").unwrap();
        assert_eq!((user.id, user.group), (101, 104));
        assert!(named(known, "nobody").is_none());
    }

    #[test]
    fn every_text_of_the_insert_is_given() {
        let form = Form {
            title: "t".into(),
            description: "d".into(),
            channel: "resident",
            category: "other",
            place: "p".into(),
            address: "a".into(),
            contact_name: "n".into(),
            contact_phone: "0".into(),
        };
        let wanted = INSERT.split(':').skip(1).map(|rest| {
            rest.split(|c: char| !c.is_ascii_alphabetic() && c != '_').next().unwrap_or_default()
        });
        let given = values(&form);
        let names: Vec<&str> = given.iter().filter_map(|v| v.split('=').next()).collect();
        assert_eq!(wanted.collect::<Vec<_>>(), names);
    }
}
