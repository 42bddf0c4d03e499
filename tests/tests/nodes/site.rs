//! A node on this machine: its folder, its program, and its process while it runs.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::wire::ChainBytes;
use node::folder::Folder;
use node::identity::Identity;
use serde_json::{Value, json};
use testnet::client::{Ask, Client};
use testnet::processes::{Process, Program};

use crate::desk::{Desk, text};

/// On ports of the system's choice, and losing no time.
const CONFIG: &str = r#"
data = "data"

[http]
listen = "127.0.0.1:0"

[network]
listen = ["/ip4/127.0.0.1/tcp/0"]

[network.backoff]
first = "20ms"
longest = "500ms"

[log]
level = "debug"
"#;

/// What a node is to be.
#[derive(Clone, Copy)]
pub(crate) struct Seat {
    /// What people call it.
    pub(crate) name: &'static str,
    /// Key of a level of the policy.
    pub(crate) level: &'static str,
    /// Area code.
    pub(crate) area: &'static str,
    /// A member unit.
    pub(crate) member: bool,
}

/// The street of these tests, which founds the federation.
pub(crate) const STREET: Seat =
    Seat { name: "徽城镇（演示）", level: "township", area: "341021100", member: false };
/// Its community.
pub(crate) const COMMUNITY: Seat =
    Seat {
        name: "新安社区（演示）", level: "community", area: "341021100001", member: false
    };
/// Its member unit.
pub(crate) const UNIT: Seat =
    Seat { name: "供电所（演示）", level: "township", area: "341021100", member: true };

/// A node. When it is dropped, its process is stopped, however the test ends.
pub(crate) struct Site {
    folder: PathBuf,
    program: Program,
    process: Option<Process>,
}

impl Site {
    /// A folder with a configuration and no keys yet; `more` is appended to the configuration.
    pub(crate) fn new(root: &Path, name: &str, more: &str) -> Self {
        let folder = root.join(name);
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        std::fs::write(folder.join("wangge.toml"), format!("{CONFIG}\n{more}")).expect("written");
        std::fs::write(folder.join("password"), "correct horse battery").expect("written");
        let program = Program::new(Some(env!("CARGO_BIN_EXE_wangge-testnet").into()));
        Self { folder, program: program.expect("the program is built"), process: None }
    }

    /// Founds a federation.
    pub(crate) async fn found(&self, seat: Seat) {
        let Seat { name, level, area, .. } = seat;
        self.run(&["init", "--found", "--name", name, "--level", level, "--area", area], "").await;
    }

    /// Joins one with an invitation.
    pub(crate) async fn join(&self, token: &str) {
        self.run(&["join", "-"], token).await;
    }

    /// Starts the node, and waits until it is ready.
    pub(crate) async fn start(&mut self) {
        let served = self.program.serve(&self.folder, &self.config()).await;
        self.process = Some(served.unwrap_or_else(|error| panic!("{error}\n{}", self.log())));
    }

    /// Kills it: SIGKILL, at once.
    pub(crate) async fn kill(&mut self) {
        let process = self.process.take().expect("it runs");
        process.kill().await.expect("it can be killed");
    }

    /// Stops it in order.
    pub(crate) async fn stop(&mut self) {
        let process = self.process.take().expect("it runs");
        process.stop().await.unwrap_or_else(|error| panic!("{error}\n{}", self.log()));
    }

    /// Its operator, while it runs.
    pub(crate) fn operator(&self) -> Desk {
        let note = self.note();
        let url = note["local"].as_str().map_or_else(|| text(&note, "url"), str::to_owned);
        let host = url.strip_prefix("http://").expect("a plain http url");
        let token = std::fs::read_to_string(self.data().join("operator.token"));
        let token = token.expect("founding and joining leave a token").trim().to_owned();
        Desk { client: Arc::new(Client::new(host)), token }
    }

    /// Invites a node below it; gives the token.
    pub(crate) async fn invite(&self, seat: Seat) -> String {
        let Seat { name, level, area, member } = seat;
        let body = json!({
            "name": name,
            "level": level,
            "area": area,
            "member": member,
            "hours": 1,
            "approval": false,
        });
        let operator = self.operator();
        let ask = Ask::post("/v1/invitations", body).by(&operator.token);
        let invited = operator.client.json(ask).await.unwrap_or_else(|error| panic!("{error}"));
        text(&invited, "token")
    }

    /// The first address at which others reach it.
    pub(crate) fn address(&self) -> String {
        let note = self.note();
        note["addresses"][0].as_str().expect("it listens").to_owned()
    }

    /// Its certificates, which are no secret: it shows them to its neighbours.
    pub(crate) fn chain(&self) -> ChainBytes {
        let identity = Identity::read(&Folder::new(self.data())).expect("it has joined");
        identity.standing.chain().map(|link| link.to_vec().into()).collect()
    }

    /// Its process's number.
    pub(crate) fn pid(&self) -> u64 {
        self.note()["pid"].as_u64().expect("a process id")
    }

    /// The most memory that was ever resident, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// The memory that is resident now, in bytes.
    pub(crate) fn resident(&self) -> u64 {
        self.memory("VmRSS:")
    }

    fn memory(&self, which: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()));
        let status = status.expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix(which)).expect("a size");
        let kib: u64 = line.split_whitespace().next().and_then(|n| n.parse().ok()).expect("KiB");
        kib * 1024
    }

    /// The bytes of its journal, by file.
    pub(crate) fn journal(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let files = std::fs::read_dir(self.data().join("journal")).expect("a journal");
        let paths = files.map(|file| file.expect("an entry").path());
        paths.map(|path| (path.clone(), std::fs::read(path).expect("readable"))).collect()
    }

    /// Runs a command of the program's for it, whatever comes of that.
    pub(crate) async fn command(&self, words: &[&str]) -> std::process::Output {
        let config = self.config();
        let mut args: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
        args.extend([OsStr::new("--config"), config.as_os_str()]);
        self.program.output(&args, "").await.expect("it can be started")
    }

    /// Verifies its journal with the program's own command; it must not run.
    pub(crate) async fn verify(&self) {
        let data = self.data();
        let args: [&OsStr; 3] = ["verify".as_ref(), data.as_ref(), "--json".as_ref()];
        let output = self.program.output(&args, "").await.expect("it can be started");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_str(&said).expect("json");
        assert_eq!(report["problems"], json!([]), "{report}");
        assert!(report["verified"].as_u64() > Some(0), "{report}");
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("node.log")).unwrap_or_default()
    }

    /// What it notes of itself while it runs.
    pub(crate) fn note(&self) -> Value {
        let note = std::fs::read(self.data().join("running.json")).expect("it runs");
        serde_json::from_slice(&note).expect("json")
    }

    fn config(&self) -> PathBuf {
        self.folder.join("wangge.toml")
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    async fn run(&self, words: &[&str], input: &str) {
        let (config, password) = (self.config(), self.folder.join("password"));
        let mut args: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
        args.extend(["--operator", "admin", "--password-file"].map(OsStr::new));
        args.extend([password.as_os_str(), OsStr::new("--config"), config.as_os_str()]);
        self.program.run(&args, input).await.unwrap_or_else(|error| panic!("{error}"));
    }
}
