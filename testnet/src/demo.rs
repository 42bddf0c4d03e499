//! The demo from one end to the other.

mod texts;

use std::path::PathBuf;
use std::sync::Arc;

use crate::clocks;
use crate::day::{self, DayError, Scene};
use crate::enrol::{self, EnrolError};
use crate::errands::{self, Since};
use crate::federation::{Federation, FederationError, Setup};
use crate::folder::{Folder, FolderError};
use crate::ground::Ground;
use crate::ledger::{Book, Day, Entry, Ledger, LedgerError};
use crate::matters::{Matter, MessagesError};
use crate::people;
use crate::plan::{self, Part, Plan, PlanError};
use crate::practice::{Practice, PracticeError};
use crate::processes::{ProcessError, Program};
use crate::report::{self, Desk, Report, ReportError, Table};
use crate::settle::{self, SettleError};
use crate::voice::Voice;

use texts::Texts;

/// First port that is tried for an API.
pub const USUAL_PORT: u16 = 8480;

/// How the demo is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its folder.
    pub folder: PathBuf,
    /// Empty the folder first.
    pub reset: bool,
    /// Nodes; an earlier run may have made more.
    pub nodes: usize,
    /// Seed of the day, and of ground and people the first time.
    pub seed: u64,
    /// Reports; the usual number, or every message of the file, where absent.
    pub reports: Option<usize>,
    /// Key of the policy; the usual one, or that of the folder's nodes, where absent.
    pub policy: Option<String>,
    /// Where the reports' texts are from.
    pub messages: Option<PathBuf>,
    /// First port that is tried.
    pub port: u16,
    /// From which weight on nodes log, as their configuration spells it.
    pub log_level: String,
    /// The program that nodes are run with; the one that runs where absent.
    pub program: Option<PathBuf>,
    /// Say nothing.
    pub quiet: bool,
}

/// A demo whose day is over.
pub struct Played {
    federation: Arc<Federation>,
    report: Report,
    voice: Voice,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Fewer reports than the story needs.
    #[error("--reports {0}: a day has at least {least}", least = errands::FEWEST)]
    TooFew(usize),
    /// More reports than messages.
    #[error("--reports {asked}: the file of --messages has {has}")]
    TooMany {
        /// What was asked for.
        asked: usize,
        /// What there is.
        has: usize,
    },
    /// No plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// No such policy.
    #[error(transparent)]
    Practice(#[from] PracticeError),
    /// The folder can't be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The messages can't be used.
    #[error(transparent)]
    Messages(#[from] MessagesError),
    /// This program can't be found again.
    #[error(transparent)]
    Program(#[from] ProcessError),
    /// The federation can't be had.
    #[error("the federation can't be set up")]
    Federation(#[from] FederationError),
    /// The ledger can't be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A node did not get into the federation.
    #[error("a node did not get into the federation")]
    Enrol(#[from] EnrolError),
    /// A node was not settled.
    #[error("a node's ground and people could not be entered")]
    Settle(#[from] SettleError),
    /// The day was not played to its end; a rerun goes on from here.
    #[error("the day was not played to its end; run it again to go on, or --reset to start over")]
    Day(#[from] DayError),
    /// Somebody stopped it.
    #[error("the demo was interrupted; run it again to go on from here")]
    Interrupted,
    /// The report was not finished.
    #[error("the report was not finished")]
    Report(#[from] ReportError),
}

impl Options {
    /// The usual demo in a folder.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            reset: false,
            nodes: plan::FEWEST,
            seed: 1,
            reports: None,
            policy: None,
            messages: None,
            port: USUAL_PORT,
            log_level: "info".to_owned(),
            program: None,
            quiet: false,
        }
    }
}

impl Options {
    /// With a path to the messages that holds wherever a rerun is started.
    fn settled(mut self) -> Result<Self, DemoError> {
        if let Some(path) = &self.messages {
            let whole = std::fs::canonicalize(path);
            let unreadable = |source| MessagesError::Unreadable { path: path.clone(), source };
            self.messages = Some(whole.map_err(unreadable)?);
        }
        Ok(self)
    }
}

/// Plays the demo and gives its report; every node is stopped then.
///
/// # Errors
/// [`DemoError`]. Figures that are wrong are no error here: they stand in the report.
pub async fn run(options: Options) -> Result<Report, DemoError> {
    Ok(play(options, false, std::future::pending()).await?.report)
}

/// Plays the demo, unless it is `interrupted`; with `stay` every node runs again then.
///
/// # Errors
/// [`DemoError`]; every node was stopped then.
pub async fn play(
    options: Options,
    stay: bool,
    interrupted: impl Future<Output = ()>,
) -> Result<Played, DemoError> {
    let voice = Voice::new(options.quiet);
    // What can be wrong with the options is found before anything is made.
    Plan::of(options.nodes)?;
    options.policy.as_deref().map(Practice::named).transpose()?;
    let options = options.settled()?;
    let texts = Texts::of(&options)?;
    let program = Program::new(options.program.clone())?;
    let (folder, state) =
        Folder::open(&options.folder, options.reset, options.seed, options.policy.as_deref())?;
    let ledger = Arc::new(Ledger::open(&folder.ledger())?);
    voice.progress(
        &format!("演示目录 {}", folder.path().display()),
        "the demo's folder; a rerun goes on from what is in it",
    );
    let setup = Setup {
        nodes: options.nodes,
        first_port: options.port,
        log_level: options.log_level.clone(),
        program,
    };
    let federation = Federation::prepare(folder, state, setup).await?;
    let federation = Arc::new(federation);
    tell_practice(&federation.practice, &voice);
    let outcome = tokio::select! {
        outcome = act(&federation, &ledger, &options, texts, stay, &voice) => outcome,
        () = interrupted => Err(DemoError::Interrupted),
    };
    let report = match outcome {
        Ok(report) => report,
        Err(error) => {
            // The first thing that went wrong is what matters.
            let _ = federation.stop().await;
            return Err(error);
        }
    };
    Ok(Played { federation, report, voice })
}

fn tell_practice(practice: &Practice, voice: &Voice) {
    let policy = practice.policy();
    voice.progress(
        &format!("按《{}》工作（{}）", policy.name, policy.reference()),
        &format!("every node works by the policy {}", policy.name_en),
    );
    if !practice.has_county() {
        voice.progress(
            "该规则没有县级：事件到街镇为止，县节点按歙县规则，只汇总查询",
            "that policy knows no county: cases stop at the street, the county only asks",
        );
    }
}

async fn act(
    federation: &Arc<Federation>,
    ledger: &Arc<Ledger>,
    options: &Options,
    texts: Texts,
    stay: bool,
    voice: &Voice,
) -> Result<Report, DemoError> {
    enrol::everybody(federation, voice).await?;
    let grounds = settle::grounds(federation);
    settle::everybody(federation, &grounds, voice).await?;
    voice.text(&addresses(federation));
    days(federation, ledger, &grounds, options, texts, voice).await?;
    voice.progress("等各节点收发完毕…", "waiting until everything is delivered and witnessed");
    let (entries, ids) = (ledger.entries(), day::node_ids(federation).await?);
    let book = Book::of(&entries, &federation.plan, &federation.practice);
    let desk = Desk::new(federation, &grounds, &book, &entries, voice, ids);
    report::until_quiet(&desk).await?;
    let mut report = report::of_running(&desk).await?;
    voice.progress("停止全部节点，离线核验…", "every node is stopped and its journal verified");
    federation.stop().await?;
    report::verify(&desk, &mut report).await?;
    if stay {
        voice.progress("重新启动全部节点…", "every node is started again");
        enrol::everybody(federation, &Voice::new(true)).await?;
    }
    Ok(report)
}

/// Finishes a day that an earlier run has begun, and plays a new one unless the last was the same.
async fn days(
    federation: &Arc<Federation>,
    ledger: &Arc<Ledger>,
    grounds: &[Ground],
    options: &Options,
    texts: Texts,
    voice: &Voice,
) -> Result<(), DemoError> {
    let known = ledger.days();
    if let Some((day, over)) = known.last() {
        if !over {
            voice.progress("继续上次未完的一天", "going on with the day that was interrupted");
        }
        let texts = Texts::for_day(day)?;
        play_day(federation, ledger, grounds, day.clone(), texts.first(day.reports), voice).await?;
    }
    let before = known.last().map(|(day, _)| day);
    let next = Day {
        number: known.len(),
        seed: options.seed,
        reports: texts.count,
        before: before.map_or(0, |day| day.before + day.reports + most(day.nodes)),
        nodes: federation.plan.seats().len(),
        messages: options.messages.clone(),
    };
    if before.is_some_and(|day| is_same(day, &next)) {
        voice
            .progress("这一天已经演过，直接报告", "this day was played before: here is its report");
        return Ok(());
    }
    ledger.add(Entry::Day(next.clone()))?;
    let matters = texts.first(next.reports);
    play_day(federation, ledger, grounds, next, matters, voice).await
}

/// Numbers that the cases take which are left waiting.
fn most(nodes: usize) -> usize {
    Plan::of(nodes).map_or(0, |plan| errands::most(&plan))
}

fn is_same(one: &Day, other: &Day) -> bool {
    (one.seed, one.reports, one.nodes, &one.messages)
        == (other.seed, other.reports, other.nodes, &other.messages)
}

async fn play_day(
    federation: &Arc<Federation>,
    ledger: &Arc<Ledger>,
    grounds: &[Ground],
    day: Day,
    matters: Vec<Matter>,
    voice: &Voice,
) -> Result<(), DemoError> {
    let scene = || {
        let (federation, ledger) = (federation.clone(), ledger.clone());
        let (grounds, matters) = (grounds.to_vec(), matters.clone());
        Scene::new(federation, ledger, grounds, day.clone(), matters, voice.clone())
    };
    let over = ledger.days().contains(&(day.clone(), true));
    Arc::new(scene().await?).leave(Since::Long).await?;
    clocks::go_on(federation, ledger, clocks::YESTERDAY, voice).await?;
    if !over {
        let reports = day.reports;
        voice.progress(
            &format!("第 {} 天开始：{reports} 件上报", day.number + 1),
            &format!("a day begins: {reports} reports"),
        );
        Arc::new(scene().await?).play().await?;
        voice.progress("这一天结束", "the day is over");
    }
    clocks::go_on(federation, ledger, clocks::NOW, voice).await?;
    let morning = Arc::new(scene().await?);
    morning.leave(Since::Morning).await?;
    morning.leave_beside().await?;
    if !over {
        voice.progress("各桌上都有今早的事", "there is a morning's work on every desk");
    }
    Ok(())
}

/// Where every node is, and with which logins.
fn addresses(federation: &Federation) -> String {
    let mut table = Table::of(&["节点 node", "控制台 console", "登录名 logins"]);
    let mut residents = String::new();
    for (seat, place) in federation.plan.seats().iter().enumerate() {
        let url = federation.client(seat).url();
        let logins = people::logins(&federation.practice, place.part);
        table.row([place.name.clone(), format!("{url}/login"), logins]);
        if residents.is_empty() && place.part == Part::Community {
            residents = format!("{url}/");
        }
    }
    let password = federation.state().password.clone();
    format!(
        "\n== 地址与登录 · addresses and logins\n{}  全部演示账号的口令 password of every account: \
         {password}\n  居民页面 for residents, no account: {residents}\n  \
         试试 try: 在居民页面上报一件 report something there → dispatcher 受理、派给网格员 accepts and \
         assigns it → grid1（手机 the phone）办结 deals with it · admin 管理 the operator\n  \
         接口说明 API: 每个地址的 /openapi.json at every address\n",
        table.text()
    )
}

impl Played {
    /// The report.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Prints the report, what is wrong with it, and where the nodes are if they run.
    pub fn tell(&self, running: bool) {
        self.voice.text(self.report.text());
        if self.report.is_right() {
            self.voice.text(&format!(
                "全部 {} 项数字与账本一致。 All {} figures agree with the demo's own ledger.",
                self.report.checked(),
                self.report.checked()
            ));
        } else {
            self.voice.text("以下数字有误： These figures are wrong:");
            for wrong in self.report.wrong() {
                self.voice.text(&format!("  ✗ {wrong}"));
            }
        }
        if running {
            self.voice.text(&addresses(&self.federation));
            self.voice.text("按 Ctrl-C 停止。 Ctrl-C to stop.");
        }
    }

    /// Stops every node in order.
    ///
    /// # Errors
    /// The first one's that did not stop in order.
    pub async fn stop(self) -> Result<(), DemoError> {
        Ok(self.federation.stop().await?)
    }
}
