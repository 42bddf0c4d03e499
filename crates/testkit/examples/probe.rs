//! probe
use testkit::simulator::{Simulator, Weather};
fn main() {
    let seed: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let calm = std::env::args().nth(2).is_some();
    let start = std::time::Instant::now();
    let mut day = Simulator::new(seed, if calm { Weather::calm() } else { Weather::storm() });
    println!("built {:?}", start.elapsed());
    let r = day.play();
    println!("{:?} {:?}", start.elapsed(), r.as_ref().err().map(|e| e.to_string()));
    if let Err(e) = r {
        for node in day.nodes() {
            for case in day.cases_of(node).unwrap() {
                if e.what.contains(&case.id.to_string()) {
                    println!(
                        "\n== {} {:?}: stage {} custody {:?} parties {:?} units {:?}",
                        node.short(),
                        day.places[&node].member.part,
                        case.stage,
                        case.custody,
                        case.parties.len(),
                        case.units
                            .iter()
                            .map(|u| (u.reported_in.is_some(), u.done.is_some()))
                            .collect::<Vec<_>>()
                    );
                    for s in &case.steps {
                        println!("   {} {} {}", s.time, s.author.short(), s.act.key());
                    }
                }
            }
        }
    }
}
