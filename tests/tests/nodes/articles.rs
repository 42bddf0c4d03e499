//! The accounts' own stories over real processes, by the policies of She County, Weinan and
//! Xiapu: a county, its street with two member units, and a community, each a node of its own.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use record::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::story::{ALL, CONTACT, Cast, INVOLVED, PHONE, Seat, Step, Story, Who};
use testnet::client::Ask;
use testnet::practice::Practice;

use crate::desk::{Desk, text};
use crate::site::{self, Site};
use crate::until;

const SEATS: [(Seat, site::Seat); 5] = [
    (Seat::County, part("歙县（演示）", "county", "341021", false)),
    (Seat::Street, part("徽城镇（演示）", "township", "341021100", false)),
    (Seat::Community, part("新安社区（演示）", "community", "341021100003", false)),
    (Seat::Lead, part("城管执法中队（演示）", "township", "341021100", true)),
    (Seat::Assist, part("供电所（演示）", "township", "341021100", true)),
];
const GRID: &str = "00000000000000000000000000000002";

const fn part(
    name: &'static str,
    level: &'static str,
    area: &'static str,
    member: bool,
) -> site::Seat {
    site::Seat { name, level, area, member }
}

/// Five nodes that go by one policy, with somebody in every role that a story needs.
struct Stage {
    _root: TempDir,
    sites: BTreeMap<Seat, Site>,
    ids: BTreeMap<Seat, String>,
    desks: BTreeMap<(Seat, String), (Desk, String)>,
}

/// Fills in what a script leaves open, from what was looked up before.
struct Known<'a>(&'a Stage);

impl Cast for Known<'_> {
    fn node(&mut self, seat: Seat) -> String {
        self.0.ids[&seat].clone()
    }

    fn person(&mut self, seat: Seat, role: &str) -> String {
        self.0.desks[&(seat, role.to_owned())].1.clone()
    }

    fn in_days(&mut self, days: i64) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        let millis = i64::try_from(now.as_millis()).expect("before the year 9999");
        // A session that was held was held before now.
        json!(Timestamp::from_millis(millis + days * 86_400_000 - 1_000).to_string())
    }
}

impl Stage {
    async fn set(policy: &str) -> Self {
        let practice = Practice::named(policy).expect("a policy of the project");
        let root = tempfile::tempdir().expect("a temporary folder");
        let mut stage = Self {
            _root: root,
            sites: BTreeMap::new(),
            ids: BTreeMap::new(),
            desks: BTreeMap::new(),
        };
        for (seat, part) in SEATS {
            let more = "[policy]\nfile = \"policy.toml\"\n";
            let name = format!("{seat:?}").to_lowercase();
            let mut site = Site::new(stage._root.path(), &name, more);
            let text = toml_of(&practice);
            std::fs::write(stage._root.path().join(name).join("policy.toml"), text)
                .expect("written");
            match above(seat) {
                None => site.found(part).await,
                Some(parent) => site.join(&stage.sites[&parent].invite(part).await).await,
            }
            site.start().await;
            stage.ids.insert(seat, id(&site).await);
            stage.sites.insert(seat, site);
        }
        stage.lay_out().await;
        stage.meet().await;
        stage
    }

    /// The community's ground: itself and one grid.
    async fn lay_out(&self) {
        let community = "00000000000000000000000000000001";
        let place = |id: &str, level: &str, code: &str, parent: Option<&str>| {
            json!({
                "id": id, "level": level, "code": code, "name": format!("演示{code}"),
                "parent": parent, "valid_from": "2024-01-01T00:00:00+08:00",
            })
        };
        let code = SEATS[2].1.area;
        let places = [
            place(community, "community", code, None),
            place(GRID, "grid", &format!("{code}001"), Some(community)),
        ];
        let operator = self.sites[&Seat::Community].operator();
        operator.post("/v1/places", "ground", json!({ "places": places })).await;
    }

    async fn meet(&self) {
        for seat in [Seat::Street, Seat::Community, Seat::Lead, Seat::Assist] {
            let operator = self.sites[&seat].operator();
            until("they have met", async || operator.peer("parent").await["connected"] == true)
                .await;
        }
    }

    /// Somebody at work in a role.
    async fn hire(&mut self, seat: Seat, role: &str) {
        let key = (seat, role.to_owned());
        if self.desks.contains_key(&key) {
            return;
        }
        let login = role.replace('_', "-");
        let desk = self.sites[&seat].operator().appoint(&login, role).await;
        let person = text(&desk.get("/v1/me").await, "person");
        self.desks.insert(key, (desk, person));
    }

    fn desk(&self, seat: Seat, role: &str) -> &Desk {
        &self.desks[&(seat, role.to_owned())].0
    }

    /// Everybody whom a story needs.
    async fn cast(&mut self, story: &Story) {
        if let Some(role) = story.reporter {
            self.hire(Seat::Community, role).await;
        }
        for step in &story.steps {
            if let Who::Role(role) = step.by {
                self.hire(step.at, role).await;
            }
            for role in step.people() {
                self.hire(step.at, &role).await;
            }
        }
        for (seat, role) in [
            (Seat::Community, "community_dispatcher"),
            (Seat::Street, "township_dispatcher"),
            (Seat::County, "county_dispatcher"),
            (Seat::Lead, "unit_officer"),
            (Seat::Assist, "unit_officer"),
        ] {
            self.hire(seat, role).await;
        }
    }

    /// Plays a story from report to end; gives the case.
    async fn play(&self, story: &Story) -> String {
        let mut report = story.report.clone();
        report["place"] = json!(GRID);
        let community = self.sites[&Seat::Community].operator();
        let (case, code) = match story.reporter {
            Some(role) => {
                let desk = self.desk(Seat::Community, role);
                (text(&desk.post("/v1/cases", story.name, report).await, "id"), String::new())
            }
            None => {
                let once = format!("a-resident-{}-0123456789abcdef", story.name.len());
                let ask = Ask::post("/v1/reports", report).once(&once);
                let receipt = community.client.json(ask).await;
                let receipt = receipt.unwrap_or_else(|error| panic!("{error}"));
                (text(&receipt, "id"), text(&receipt, "code"))
            }
        };
        for (number, step) in story.steps.iter().enumerate() {
            let act = step.said(&mut Known(self));
            let key = format!("{case}-{number}");
            match (step.by, story.reporter) {
                (Who::Role(role), _) | (Who::Reporter, Some(role)) => {
                    let desk = self.desk(step.at, role);
                    desk.act_under_when_possible(&case, &key, act).await;
                }
                (Who::Reporter, None) => resident_acts(&community, &code, act).await,
            }
            if matches!(step.at, Seat::Lead | Seat::Assist) {
                self.heard_of(step, &case).await;
            }
        }
        case
    }

    /// Waits until the street, which called the unit, knows what the unit did: what comes next there
    /// is possible before, too, and the case would not be settled by the units then.
    async fn heard_of(&self, step: &Step, case: &str) {
        let (unit, act) = (Known(self).node(step.at), step.name());
        let street = self.desk(Seat::Street, "township_dispatcher");
        until(act, async || {
            let seen = street.case(case).await.unwrap_or_default();
            let mut entries = seen["timeline"].as_array().into_iter().flatten();
            entries.any(|entry| entry["act"] == act && entry["author"]["id"] == unit.as_str())
        })
        .await;
    }

    async fn check(&self, story: &Story, case: &str) {
        let home = self.desk(Seat::Community, "community_dispatcher");
        let found = home.case(case).await.expect("the community knows its case");
        let end = story.end;
        assert_eq!(found["phase"], end.phase, "{found}");
        assert_eq!(found["settled"]["key"].as_str(), end.settled, "{found}");
        let shown = home.get(&format!("/v1/cases/{case}/timeline")).await.to_string();
        for (seat, role) in [
            (Seat::County, "county_dispatcher"),
            (Seat::Street, "township_dispatcher"),
            (Seat::Lead, "unit_officer"),
            (Seat::Assist, "unit_officer"),
        ] {
            let there = self.desk(seat, role).case(case).await;
            assert_eq!(there.is_some(), end.told.contains(&seat), "{}: {seat:?}", story.name);
            let there = there.map(|case| case.to_string()).unwrap_or_default();
            for secret in [CONTACT, PHONE, INVOLVED] {
                assert!(!there.contains(secret), "{seat:?} was told {secret}");
            }
        }
        assert!(shown.contains(INVOLVED), "what is told at home is found in this way");
    }

    async fn stop_and_verify(mut self) {
        for (_, site) in self.sites.iter_mut().rev() {
            site.stop().await;
        }
        for site in self.sites.values() {
            site.verify().await;
        }
    }
}

fn toml_of(practice: &Practice) -> &'static str {
    practice.text_of(testnet::plan::Part::Street)
}

fn above(seat: Seat) -> Option<Seat> {
    match seat {
        Seat::County => None,
        Seat::Street => Some(Seat::County),
        Seat::Community | Seat::Lead | Seat::Assist => Some(Seat::Street),
    }
}

async fn id(site: &Site) -> String {
    text(&site.operator().get("/v1/node").await, "id")
}

/// A resident says something with the code of the receipt, as soon as it can be said.
async fn resident_acts(desk: &Desk, code: &str, act: Value) {
    let name = text(&act, "act");
    until(&name, async || {
        let ask = Ask::post(format!("/v1/reports/{code}/acts"), act.clone());
        desk.client.json(ask.once(&format!("resident-{name}-0123456789abcdef"))).await.is_ok()
    })
    .await;
}

/// Every story of a place.
async fn tell(policy: &str) {
    let stories = ALL.iter().map(|story| story()).filter(|story| story.policy == policy);
    let stories: Vec<Story> = stories.collect();
    assert!(!stories.is_empty());
    let mut stage = Stage::set(policy).await;
    for story in &stories {
        stage.cast(story).await;
        let case = stage.play(story).await;
        stage.check(story, &case).await;
    }
    stage.stop_and_verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sx_its_stories_are_told_by_real_processes() {
    tell("she-county").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wn_its_stories_are_told_by_real_processes() {
    tell("weinan").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn xp_its_stories_are_told_by_real_processes() {
    tell("xiapu").await;
}
