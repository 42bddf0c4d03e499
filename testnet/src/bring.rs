//! `testnet import`: how fast one real node takes in files of reports over HTTP, every row a case
//! or a named error, and that the same files once more open nothing. Two public files of the
//! project's data where they are at hand, else files of the same shape that are made up.

mod made_up;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::alone::{self, AloneError, Home, Running};
use crate::client::{Ask, ClientError};
use crate::ids::{self, Nonce};
use crate::people::Person;
use crate::processes::{Founding, ProcessError, Program};
use crate::report::Table;
use crate::voice::Voice;

/// What is to be measured.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Letters with the columns of `config/imports/taidi2020.toml`.
    pub letters: Option<PathBuf>,
    /// Requests with the columns of `config/imports/sf311.toml`.
    pub requests: Option<PathBuf>,
    /// How many rows a file that is made up has; as many as the public one where absent.
    pub rows: Option<usize>,
    /// In which folder to make the one that is measured on; the system's for temporary files where
    /// absent.
    pub within: Option<PathBuf>,
    /// The program that the node is run with; the one that runs where absent.
    pub program: Option<PathBuf>,
}

/// What was measured.
pub struct Figures {
    files: Vec<Brought>,
    /// Searching every case for what none has, in pages.
    searched: (u64, Duration),
    /// Suggesting cases like the newest.
    similar: (u64, Duration),
    wrong: Vec<String>,
}

/// One file.
struct Brought {
    name: &'static str,
    bytes: usize,
    first: Told,
    again: Told,
}

/// What the node said of a file, and how long it took.
struct Told {
    rows: u64,
    opened: u64,
    repeated: u64,
    refused: u64,
    errors: u64,
    took: Duration,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum BringError {
    /// The node.
    #[error(transparent)]
    Node(#[from] AloneError),
    /// This program can't be found again.
    #[error(transparent)]
    Program(#[from] ProcessError),
    /// No randomness.
    #[error("the system has no randomness")]
    Random(#[source] std::io::Error),
    /// A file can't be read.
    #[error("{path} can't be read")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Somebody stopped it.
    #[error("interrupted")]
    Interrupted,
}

/// The public files, where the project's data lies beside it.
const LETTERS: &str = "../shared/data/complaints/taidi2020_messages_votes.csv";
const REQUESTS: &str = "../shared/data/311/sf311_10k.csv";

/// Measures, unless it is `interrupted`; leaves nothing behind.
///
/// # Errors
/// [`BringError`], when there is nothing to tell. What was wrong is told in the figures.
pub async fn run(
    options: &Options,
    voice: &Voice,
    interrupted: impl Future<Output = ()>,
) -> Result<Figures, BringError> {
    let folder = alone::folder(options.within.as_deref())?;
    tokio::select! {
        outcome = measure(options, folder.path(), voice) => outcome,
        () = interrupted => Err(BringError::Interrupted),
    }
}

async fn measure(options: &Options, folder: &Path, voice: &Voice) -> Result<Figures, BringError> {
    let letters = file(options.letters.as_deref(), LETTERS, options.rows)?;
    let letters = letters.unwrap_or_else(|| made_up::letters(options.rows.unwrap_or(4_326)));
    let requests = file(options.requests.as_deref(), REQUESTS, options.rows)?;
    let requests = requests.unwrap_or_else(|| made_up::requests(options.rows.unwrap_or(10_000)));
    let program = Program::new(options.program.clone())?;
    let nonce = Nonce::new(&ids::random().map_err(BringError::Random)?);
    let founding = Founding { name: "演示社区", level: "community", area: "341021100001" };
    let home = Home::found(&program, folder.join("node"), founding).await?;
    let node = home.start().await?;
    let token = dispatcher(&home, &node, &nonce).await?;
    let asked = |source| home.asked(source);
    let mut files = Vec::new();
    for (name, source, file) in [("letters", "taidi2020", letters), ("requests", "sf311", requests)]
    {
        voice.progress(&format!("导入 {name}…"), &format!("taking in the {name}"));
        let body = json!({ "file": BASE64.encode(&file), "source": source });
        let first = bring(&node, &token, &body).await.map_err(asked)?;
        let again = bring(&node, &token, &body).await.map_err(asked)?;
        files.push(Brought { name, bytes: file.len(), first, again });
    }
    let searched = search(&node, &token).await.map_err(asked)?;
    let similar = similar(&node, &token).await.map_err(asked)?;
    node.stop().await?;
    let mut figures = Figures { files, searched, similar, wrong: Vec::new() };
    figures.wrong = figures.check();
    Ok(figures)
}

/// The file that is named, or the public one where it is at hand and no number of rows is asked
/// for.
fn file(
    named: Option<&Path>,
    public: &str,
    rows: Option<usize>,
) -> Result<Option<Vec<u8>>, BringError> {
    let read = |path: &Path| {
        std::fs::read(path).map_err(|source| BringError::File { path: path.into(), source })
    };
    match named {
        Some(path) => read(path).map(Some),
        None if rows.is_none() && Path::new(public).exists() => read(Path::new(public)).map(Some),
        None => Ok(None),
    }
}

/// Somebody who may bring reports in: their token.
async fn dispatcher(home: &Home, node: &Running, nonce: &Nonce) -> Result<String, BringError> {
    let office = home.office(node, nonce)?;
    let login = "dispatcher".to_owned();
    let person = Person {
        login: Some(login.clone()),
        name: "演示调度员".into(),
        phone: None,
        role: "community_dispatcher".into(),
        scopes: Vec::new(),
    };
    let asked = |source| home.asked(source);
    let people = office.appoint(&[person]).await.map_err(asked)?;
    let mut tokens = office.open_accounts(&people).await.map_err(asked)?;
    Ok(tokens.remove(&login).unwrap_or_default())
}

async fn bring(node: &Running, token: &str, body: &Value) -> Result<Told, ClientError> {
    let began = Instant::now();
    let ask = Ask::post("/v1/imports/reports", body.clone()).by(token);
    let told = node.client().json(ask).await?;
    let took = began.elapsed();
    let count = |pointer: &str| told.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    Ok(Told {
        rows: count("/counts/rows"),
        opened: count("/counts/opened"),
        repeated: count("/counts/repeated"),
        refused: count("/counts/refused"),
        errors: count("/errors"),
        took,
    })
}

/// Searches all cases for words that none has, page by page.
async fn search(node: &Running, token: &str) -> Result<(u64, Duration), ClientError> {
    let (began, mut cases, mut after) = (Instant::now(), 0, String::new());
    loop {
        // 不会有人这样写: nobody writes that.
        let path = format!("/v1/cases?q=%E4%B8%8D%E4%BC%9A%E6%9C%89%E4%BA%BA%E5%86%99{after}");
        let page = node.client().json(Ask::get(path).by(token)).await?;
        cases += page.pointer("/searched/cases").and_then(Value::as_u64).unwrap_or(0);
        match page.get("next").and_then(Value::as_str) {
            Some(next) => after = format!("&after={next}"),
            None => return Ok((cases, began.elapsed())),
        }
    }
}

/// Cases like the newest one: with how many it was compared.
async fn similar(node: &Running, token: &str) -> Result<(u64, Duration), ClientError> {
    let list = node.client().json(Ask::get("/v1/cases?limit=1").by(token)).await?;
    let id = list.pointer("/items/0/id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let began = Instant::now();
    let path = format!("/v1/cases/{id}/similar");
    let found = node.client().json(Ask::get(path).by(token)).await?;
    let compared = found.get("compared").and_then(Value::as_u64).unwrap_or(0);
    Ok((compared, began.elapsed()))
}

impl Figures {
    /// Whether every row became a case or a named error, and none became two.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.wrong.is_empty()
    }

    fn check(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut expect = |what: &str, is: u64, due: u64| {
            if is != due {
                wrong.push(format!("{what}：应为 {due}，实为 {is} (must be {due}, is {is})"));
            }
        };
        for Brought { name, first, again, .. } in &self.files {
            let of = |what: &str| format!("{name} {what}");
            let all = |told: &Told| told.opened + told.repeated + told.refused;
            expect(&of("rows"), all(first), first.rows);
            expect(&of("named errors"), first.errors, first.refused);
            expect(&of("opened by the second time"), again.opened, 0);
            expect(&of("known the second time"), again.repeated, first.opened + first.repeated);
            expect(&of("refused the second time"), again.refused, first.refused);
        }
        let opened = self.files.iter().map(|file| file.first.opened).sum();
        expect("cases that a search comes to", self.searched.0, opened);
        wrong
    }

    /// The figures as they are printed.
    #[must_use]
    pub fn text(&self) -> String {
        let mut table = Table::of(&[
            "",
            "MB",
            "行 rows",
            "事件 cases",
            "错误 errors",
            "秒 s",
            "行/秒 rows/s",
            "再次 again, s",
        ]);
        for Brought { name, bytes, first, again } in &self.files {
            let seconds = first.took.as_secs_f64();
            #[expect(clippy::cast_precision_loss, reason = "counts of rows")]
            let (rows, bytes) = (first.rows as f64, *bytes as f64);
            table.row([
                (*name).to_owned(),
                format!("{:.1}", bytes / 1e6),
                first.rows.to_string(),
                first.opened.to_string(),
                first.refused.to_string(),
                format!("{seconds:.2}"),
                format!("{:.0}", rows / seconds),
                format!("{:.2}", again.took.as_secs_f64()),
            ]);
        }
        let (searched, similar) = (&self.searched, &self.similar);
        let mut text = format!(
            "\n== 导入 · files of reports over HTTP, every row durable\n{}\n  全文查找 {} 件 search of \
             {} cases: {:.2} s；相似比对 {} 件 {} compared: {:.0} ms\n",
            table.text(),
            searched.0,
            searched.0,
            searched.1.as_secs_f64(),
            similar.0,
            similar.0,
            similar.1.as_secs_f64() * 1e3,
        );
        if self.is_whole() {
            text.push_str("  每行都是一件事或一个指明的错误，再导一次没有重复 ✓  every row a case or a named error, twice gives no doubles\n");
        } else {
            for wrong in &self.wrong {
                text.push_str(&format!("  ✗ {wrong}\n"));
            }
        }
        text
    }
}
