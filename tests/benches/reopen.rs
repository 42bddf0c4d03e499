//! Opening a node whose journal is long: as it was left, and with its index lost. Measured against
//! reading the same files once, in the same run.
//!
//! `cargo bench -p tests --bench reopen [-- RECORDS]`
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::wildcard_enum_match_arm, reason = "other effects do not concern it")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use engine::command::{Agent, Command, What};
use engine::engine::{Effect, Engine, Input, Ticket};
use governance::act::{Act, Report};
use governance::roster::Appointment;
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::{Subject, Timestamp};
use testkit::federation::{Federation, Member, Part};

const NOW: Timestamp = Timestamp::from_millis(1_772_409_600_000);
/// Records of one case's life here.
const LIFE: usize = 8;
const BATCH: usize = 256;

fn main() {
    let wanted = std::env::args().filter_map(|text| text.parse().ok()).next_back();
    let records: usize = wanted.unwrap_or(200_000);
    let mut rng = StdRng::seed_from_u64(1);
    let federation = Federation::found(NOW, &mut rng);
    let county = federation.county("341021", &mut rng);
    let street = federation.below(&county, Part::Township, "341021100", &mut rng);
    let node = federation.below(&street, Part::Community, "341021100003", &mut rng);
    let folder = tempfile::tempdir().expect("a temporary folder");

    let cases = records / LIFE;
    let (made, _) = timed(|| fill(folder.path(), &node, cases));
    println!("{cases} cases of {LIFE} records made in          {made:>9.1?}");
    println!("memory after that                         {:>9}", memory());

    let (reading, bytes) = timed(|| read_all(folder.path()));
    println!("reading its {:>5} MB of files once         {reading:>9.1?}", bytes / 1_000_000);

    let (opening, _) = timed(|| drop(open(folder.path(), &node)));
    println!("opening as it was left                    {opening:>9.1?}");

    fs::remove_dir_all(folder.path().join("index")).expect("the index can be removed");
    let (rebuilding, engine) = timed(|| open(folder.path(), &node));
    println!("opening without its index                 {rebuilding:>9.1?}");
    let rate = (cases * LIFE) as f64 / rebuilding.as_secs_f64();
    println!("  that is                                 {rate:>9.0} records/s");
    println!(
        "ratio, rebuilding to reading              {:>9.1}",
        rebuilding.as_secs_f64() / reading.as_secs_f64()
    );
    println!("memory with everything open               {:>9}", memory());
    drop(engine);
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let value = work();
    (start.elapsed(), value)
}

fn open(folder: &Path, node: &Member) -> Engine {
    let mut rng = StdRng::seed_from_u64(5);
    let (store, _) =
        store::open(folder, &store::Options::default(), &mut rng).expect("the store opens");
    Engine::open(node.setup.clone(), Box::new(store), Box::new(rng)).expect("the node opens")
}

fn fill(folder: &Path, node: &Member, cases: usize) {
    let mut engine = open(folder, node);
    let dispatcher = appoint(&mut engine, "community_dispatcher");
    let leader = appoint(&mut engine, "grid_leader");
    let mut open_cases = Vec::new();
    for number in 0..cases {
        let by = Agent::Staff(leader);
        open_cases.push((by, What::Act { case: None, act: Act::Report(Box::new(report(number))) }));
        if open_cases.len() == BATCH || number + 1 == cases {
            let ids = step(&mut engine, std::mem::take(&mut open_cases));
            live(&mut engine, &ids, dispatcher, leader);
        }
    }
}

fn live(engine: &mut Engine, ids: &[Subject], dispatcher: Subject, leader: Subject) {
    let assignee = dispatcher;
    let (by, other) = (|| Agent::Staff(dispatcher), || Agent::Staff(leader));
    let acts: [(Agent, Act); LIFE - 1] = [
        (by(), Act::Accept {}),
        (by(), Act::Dispatch { assignee }),
        (by(), Act::Take {}),
        (by(), Act::Progress { note: "正在联系维修单位".into(), photos: vec![] }),
        (by(), Act::Handle { opinion: "已更换灯泡，恢复照明".into(), photos: vec![] }),
        (other(), Act::Verify { solved: true, satisfaction: Some(5), photos: vec![] }),
        (by(), Act::Close { special: false }),
    ];
    for (agent, act) in acts {
        let one = |id: &Subject| (agent.clone(), What::Act { case: Some(*id), act: act.clone() });
        step(engine, ids.iter().map(one).collect());
    }
}

fn step(engine: &mut Engine, commands: Vec<(Agent, What)>) -> Vec<Subject> {
    let inputs = commands.into_iter().enumerate().map(|(number, (by, what))| Input::Command {
        ticket: Ticket(number as u64),
        command: Command { by, once: None, what },
    });
    let effects = engine.step(inputs.collect(), NOW);
    let replies = effects.into_iter().filter_map(|effect| match effect {
        Effect::Reply { outcome, .. } => Some(outcome),
        _ => None,
    });
    replies
        .map(|outcome| outcome.expect("the act is permitted").subject.expect("a subject"))
        .collect()
}

fn appoint(engine: &mut Engine, role: &str) -> Subject {
    let what = What::Register { person: None, name: "演示人员".into(), phone: None };
    let person = step(engine, vec![(Agent::Console, what)])[0];
    let appointment = Appointment { role: role.into(), scope: None, from: NOW, until: None };
    step(engine, vec![(Agent::Console, What::Appoint { person, appointment })]);
    person
}

fn report(number: usize) -> Report {
    Report {
        title: format!("小区门口路灯不亮 {number}"),
        description: "晚上看不清路，老人出行不便，已经一个多星期了，请尽快处理。".into(),
        channel: "patrol".into(),
        category: Some("facility".into()),
        place: None,
        address: Some("演示路 1 号".into()),
        point: None,
        happened: None,
        contact_name: Some("演示居民".into()),
        contact_phone: Some("13900000000".into()),
        involved: None,
        photos: vec![],
    }
}

fn read_all(folder: &Path) -> u64 {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).expect("the folder can be listed") {
        let path = entry.expect("an entry can be read").path();
        bytes += if path.is_dir() {
            read_all(&path)
        } else {
            fs::read(&path).map_or(0, |content| content.len() as u64)
        };
    }
    bytes
}

/// Resident memory of this process, as the system says.
fn memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib: u64 = line
        .and_then(|line| line.split_whitespace().nth(1))
        .and_then(|number| number.parse().ok())
        .unwrap_or(0);
    format!("{} MB", kib / 1024)
}
