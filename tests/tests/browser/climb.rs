//! A case climbs from a grid to the county, every level a node of its own, and comes home (proof 5).

use serde_json::{Value, json};
use tempfile::TempDir;
use testnet::client::Ask;

use crate::desk::text;
use crate::driver::{Browser, DESK, Driver, PHONE};
use crate::house::sign_in;
use crate::site::{Seat, Site};
use crate::until;

/// The nodes from above, each with the role of whoever decides there.
const LEVELS: [(&str, Seat, &str); 4] = [
    ("county", seat("歙县（演示）", "county", "341021"), "county_dispatcher"),
    ("street", seat("徽城镇（演示）", "township", "341021100"), "township_dispatcher"),
    ("community", seat("新安社区（演示）", "community", "341021100001"), "community_dispatcher"),
    ("grid", seat("稠墅小区网格（演示）", "grid", "341021100001001"), "community_dispatcher"),
];

const fn seat(name: &'static str, level: &'static str, area: &'static str) -> Seat {
    Seat { name, level, area, member: false }
}

/// The four nodes, and a browser at each in which its dispatcher has signed in; from above.
struct Ladder {
    _root: TempDir,
    driver: Driver,
    sites: Vec<Site>,
    desks: Vec<Browser>,
}

impl Ladder {
    async fn build() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        let driver = Driver::start().await;
        let (mut sites, mut desks) = (Vec::<Site>::new(), Vec::new());
        for (name, seat, role) in LEVELS {
            let mut site = Site::new(root.path(), name, "");
            match sites.last() {
                None => site.found(seat).await,
                Some(above) => site.join(&above.invite(seat).await).await,
            }
            site.start().await;
            site.operator().appoint("dispatcher", role).await;
            let browser = driver.browser(DESK, &text(&site.note(), "url")).await;
            sign_in(&browser, "dispatcher").await;
            sites.push(site);
            desks.push(browser);
        }
        Self { _root: root, driver, sites, desks }
    }

    /// Offers the case to the node above, on the page of the node that has it.
    async fn up(&self, level: usize, case: &str, reason: &str) {
        let (from, to) = (&self.desks[level], &self.desks[level - 1]);
        from.open(&format!("/cases/{case}")).await;
        from.press("上报上级").await;
        from.type_in("#in-reason", reason).await;
        from.click("form.act button.primary").await;
        from.find(".notice.good").await;
        until("the case has come up", async || {
            to.open(&format!("/cases/{case}")).await;
            to.has(".acts button").await
        })
        .await;
        // As long as it had not come it was not there, which the browser has noted.
        let noted = to.complaints().await;
        let early = |said: &String| said.contains(case) && said.contains("404");
        assert!(noted.iter().all(early), "{noted:?}");
        to.press("接收").await;
        to.find(".notice.good").await;
    }

    /// What every node's page of the case shows, from above, once each shows `last` and nothing that
    /// waits for an answer.
    async fn timelines(&self, case: &str, last: &str) -> Vec<Vec<Shown>> {
        let mut all = Vec::new();
        for desk in &self.desks {
            until("the case has come to its end here", async || {
                desk.open(&format!("/cases/{case}")).await;
                let shown = timeline(desk).await;
                shown.iter().any(|step| step.act == last)
                    && shown.iter().all(|step| step.seal == "verified")
            })
            .await;
            all.push(timeline(desk).await);
        }
        all
    }
}

/// A step as a page shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Shown {
    record: String,
    act: String,
    author: String,
    time: String,
    seal: String,
    words: Vec<String>,
}

async fn timeline(browser: &Browser) -> Vec<Shown> {
    let script = "return [...document.querySelectorAll('#timeline > li')].map((step) => ({ \
        record: step.querySelector('.seal').getAttribute('href').split('/').pop(), \
        act: step.querySelector('h3').textContent, \
        author: step.querySelectorAll('.meta > span')[1].textContent, \
        time: step.querySelector('time').dateTime, seal: step.dataset.seal, \
        words: [...step.querySelectorAll('blockquote')].map((said) => said.textContent) }))";
    let shown = browser.script(script, vec![]).await;
    let of = |step: &Value| Shown {
        record: text(step, "record"),
        act: text(step, "act"),
        author: text(step, "author"),
        time: text(step, "time"),
        seal: text(step, "seal"),
        words: step["words"]
            .as_array()
            .map(|words| words.iter().filter_map(|said| said.as_str().map(str::to_owned)).collect())
            .unwrap_or_default(),
    };
    shown.as_array().expect("a list").iter().map(of).collect()
}

/// Proof 5. Every node's page shows the same records in the same order, by the same authors at the
/// same times. What may differ is what disclosure keeps back: the policy lets an act's words go to
/// some and not to others, so that a page may lack words that another has; it never has other ones.
/// Who acted is named by their own node alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_case_climbs_from_grid_to_county_and_all_four_timelines_agree() {
    let ladder = Ladder::build().await;
    let grid = ladder.sites[3].operator();
    let report = json!({ "title": "河堤塌陷，危及三个小区", "channel": "resident",
                         "description": "昨夜大雨后河堤塌了十几米。", "category": "facility" });
    let taken = grid.client.json(Ask::post("/v1/reports", report)).await;
    let taken = taken.unwrap_or_else(|error| panic!("{error}"));
    let (case, code) = (text(&taken, "id"), text(&taken, "code"));

    let own = &ladder.desks[3];
    own.open(&format!("/cases/{case}")).await;
    own.press("受理").await;
    own.find(".notice.good").await;
    ladder.up(3, &case, "网格没有抢修力量").await;
    ladder.up(2, &case, "社区没有工程队").await;
    ladder.up(1, &case, "需水利、住建联合处置").await;
    let county = &ladder.desks[0];
    county.open(&format!("/cases/{case}")).await;
    county.press("处置完成").await;
    county.type_in("#in-opinion", "已由水利局组织抢修并验收").await;
    county.click("form.act button.primary").await;
    county.find(".notice.good").await;
    county.press("转回受理地").await;
    county.click("input[name=done][value=yes]").await;
    county.type_in("#in-opinion", "已修好，请核查").await;
    county.click("form.act button.primary").await;
    county.find(".notice.good").await;

    let resident = ladder.driver.browser(PHONE, &text(&ladder.sites[3].note(), "url")).await;
    until("it is back where it was reported", async || {
        resident.open(&format!("/r/{code}")).await;
        resident.has("form input[name=solved]").await
    })
    .await;
    resident.click("input[name=solved][value=yes]").await;
    resident.press("提交评价").await;
    resident.find(".notice.good").await;
    own.open(&format!("/cases/{case}")).await;
    own.press("结案").await;
    own.click("form.act button.primary").await;
    own.find(".notice.good").await;

    let all = ladder.timelines(&case, "结案").await;
    let acts: Vec<&str> = all[3].iter().map(|step| &*step.act).collect();
    assert_eq!(acts.iter().filter(|act| **act == "上报上级").count(), 3, "{acts:?}");
    // Three times up, and home again through everybody who had it.
    assert_eq!(acts.iter().filter(|act| **act == "接收移交").count(), 6, "{acts:?}");
    for (level, shown) in all.iter().enumerate() {
        let name = LEVELS[level].0;
        assert_eq!(outline(shown), outline(&all[3]), "{name} tells the same story as the grid");
        for (step, original) in shown.iter().zip(&all[3]) {
            assert!(agree(&step.words, &original.words), "{name}: {step:?} and {original:?}");
        }
    }
    // The reasons for climbing are for everybody on the way.
    for reason in ["网格没有抢修力量", "社区没有工程队", "需水利、住建联合处置"]
    {
        let told = |shown: &Vec<Shown>| shown.iter().any(|step| step.words == [reason]);
        assert!(all.iter().filter(|shown| told(shown)).count() >= 2, "{reason}");
    }
    // The county asks all of them, and goes down level by level by asking again.
    let county = &ladder.desks[0];
    county.open("/numbers").await;
    let complete = county.words(".completeness").await;
    assert!(complete.contains("完整：4 个节点都已回答"), "{complete}");
    for (_, seat, _) in &LEVELS[1..] {
        county.press(seat.name).await;
        let title = county.words("h1").await;
        assert!(title.contains(seat.name), "{title}");
    }
    assert!(county.words(".completeness").await.contains("完整：1 个节点"));
    for browser in ladder.desks {
        let complaints = browser.complaints().await;
        assert!(complaints.is_empty(), "{complaints:?}");
        browser.close().await;
    }
    resident.close().await;
}

/// Which records, by whom, when.
fn outline(shown: &[Shown]) -> Vec<[&str; 4]> {
    shown.iter().map(|step| [&*step.record, &*step.act, &*step.author, &*step.time]).collect()
}

/// Whether two pages say the same of a step, as far as either says anything.
fn agree(one: &[String], other: &[String]) -> bool {
    one.is_empty() || other.is_empty() || one == other
}
