//! Pictures of every page, for people to look at: `WANGGE_PICTURES=DIR cargo test -p tests --test
//! browser pictures`. Without a folder each page is opened all the same, and nothing may be wrong.

use crate::driver::{Browser, DESK, Kind, PHONE};
use crate::house::{GRID, House};

/// Most bytes that a page for residents, and one for staff, brings in all.
const RESIDENT: u64 = 60_000;
const STAFF: u64 = 400_000;
/// What the library for charts may bring besides, on the page that has them.
const CHARTS: u64 = 510_000;

/// Bytes of the page with all that it loads, and how much of that is from elsewhere.
const WEIGHT: &str = "const all = [...performance.getEntriesByType('navigation'), \
                      ...performance.getEntriesByType('resource')]; \
                      return [all.reduce((sum, one) => sum + one.encodedBodySize, 0), \
                      all.filter((one) => !one.name.startsWith(location.origin)).length]";

/// Large type (长辈版) on a telephone, and at a desk whose browser shows everything at 200 %.
const LARGE: [(u32, u32); 2] = [(375, 812), (720, 450)];

/// Opens a page in every size, light and dark, and in large type: everybody can use it, it is not
/// heavy, asks nothing of elsewhere, and the browser complains of nothing (proofs 10 and 14).
async fn look(
    browser: &Browser,
    path: &str,
    name: &str,
    sizes: &[(u32, u32)],
    wrong: &mut Vec<String>,
) {
    for (width, height) in sizes {
        browser.sized(*width, *height).await;
        for dark in [false, true] {
            browser.dark(dark).await;
            let look = if dark { "dark" } else { "light" };
            wrong.extend(see(browser, path, &format!("{name}-{width}-{look}")).await);
        }
    }
    browser.dark(false).await;
    kind_of_type(browser, "large").await;
    for (width, height) in LARGE {
        browser.sized(width, height).await;
        wrong.extend(see(browser, path, &format!("{name}-large-{width}")).await);
    }
    kind_of_type(browser, "usual").await;
    browser.open(path).await;
    let weight = browser.script(WEIGHT, vec![]).await;
    let most = if path.starts_with("/numbers") {
        STAFF + CHARTS
    } else if ["/desk", "/cases", "/work", "/operator", "/map", "/signs", "/keys", "/account"]
        .iter()
        .any(|part| path.starts_with(part))
    {
        STAFF
    } else {
        RESIDENT
    };
    if weight[0].as_u64().is_none_or(|bytes| bytes >= most) {
        wrong.push(format!("{path} weighs {weight}"));
    }
    if weight[1] != 0 {
        wrong.push(format!("{path} asks another origin"));
    }
    weigh(name, &weight);
    wrong.extend(browser.complaints().await.iter().map(|said| format!("{path}: {said}")));
}

/// Opens a page and looks whether everybody can use it; gives what is wrong.
async fn see(browser: &Browser, path: &str, name: &str) -> Vec<String> {
    browser.open(path).await;
    if path.starts_with("/map") && !name.starts_with("map-without") {
        browser.find(".map-live .leaflet-interactive").await;
    }
    // What the one community below tells is rounded (S9) to a line a figure, and a line alone is not
    // drawn.
    if path.starts_with("/numbers") && !name.starts_with("numbers-below") {
        browser.find(".charted .echart canvas").await;
    }
    let faults = crate::reach::faults(browser, name).await;
    keep(browser, name).await;
    faults
}

/// Chooses large or usual type for the pages to come.
async fn kind_of_type(browser: &Browser, kind: &str) {
    let cookie = format!("document.cookie = 'wangge_type={kind}; path=/'");
    browser.script(&cookie, vec![]).await;
}

/// Notes what a page weighs beside its pictures.
fn weigh(name: &str, weight: &serde_json::Value) {
    let Some(folder) = std::env::var_os("WANGGE_PICTURES") else { return };
    let path = std::path::Path::new(&folder).join("weights.txt");
    let mut text = std::fs::read_to_string(&path).unwrap_or_default();
    text.push_str(&format!("{name} {}\n", weight[0]));
    std::fs::write(path, text).expect("a note can be written");
}

/// Keeps a picture of the page that is open, where pictures are wanted.
pub(crate) async fn keep(browser: &Browser, name: &str) {
    let Some(folder) = std::env::var_os("WANGGE_PICTURES") else { return };
    let path = std::path::Path::new(&folder).join(format!("{name}.png"));
    let height = browser.script("return document.documentElement.scrollHeight", vec![]).await;
    let width = browser.script("return document.documentElement.clientWidth", vec![]).await;
    let sized =
        |value: serde_json::Value| u32::try_from(value.as_u64().unwrap_or(800)).unwrap_or(800);
    let (width, height) = (sized(width), sized(height).clamp(400, 3_000));
    browser.sized(width, height).await;
    std::fs::write(path, browser.picture().await).expect("a picture can be written");
}

/// A house with something on every page.
struct Scene {
    house: House,
    /// A case that was offered to the street, its code and its first record.
    id: String,
    code: String,
    record: String,
    /// One that nobody has accepted.
    new: String,
    /// A dispute that was mediated.
    dispute: String,
    policy: String,
}

/// Whoever looks: nobody in particular, or an account of the house.
const VISITORS: [(Kind, &str); 5] =
    [(PHONE, ""), (DESK, "dispatcher"), (DESK, "admin"), (PHONE, "grid1"), (DESK, STREET)];
/// The dispatcher of the street above.
const STREET: &str = "dispatcher of the street";

impl Scene {
    async fn build() -> Self {
        let house = House::build().await;
        let (id, code) = house.reported("三号楼门口的路灯坏了三天").await;
        house.escalated(&id).await;
        let new = house.furnished().await;
        for title in ["物业费涨价没有公示", "垃圾桶满了没人收", "电动车堵住楼道"]
        {
            house.reported(title).await;
        }
        let dispute = house.mediated().await;
        let steps = house.dispatcher.get(&format!("/v1/cases/{id}/timeline")).await;
        let record = steps["items"][0]["record"].as_str().expect("a step").to_owned();
        let known = house.community.operator().get("/v1/node").await;
        let policy = known["policy"].as_str().expect("a policy").to_owned();
        Self { house, id, code, record, new, dispute, policy }
    }

    /// The pages of a visitor, with a name for each.
    fn pages(&self, login: &str) -> Vec<(String, &'static str)> {
        let Self { id, code, record, new, dispute, policy, .. } = self;
        match login {
            "" => vec![
                ("/".into(), "front"),
                (format!("/report?grid={GRID}"), "about"),
                ("/report?category=facility".into(), "report"),
                ("/report/map?category=facility".into(), "map"),
                (format!("/r/{code}?new=yes"), "receipt"),
                (format!("/r/{code}"), "follow"),
                (format!("/r/{code}/given"), "given"),
                ("/done?open=yes".into(), "done"),
                ("/login".into(), "login"),
                ("/nowhere".into(), "trouble"),
            ],
            "dispatcher" => vec![
                ("/desk".into(), "desk"),
                ("/desk?view=mine".into(), "desk-none"),
                ("/desk?view=overdue".into(), "desk-overdue"),
                ("/factor".into(), "factor"),
                ("/keys".into(), "keys"),
                ("/account".into(), "account"),
                ("/desk?shape=board".into(), "board"),
                (format!("/cases/{id}"), "case"),
                (format!("/cases/{dispute}"), "case-dispute"),
                (format!("/cases/{id}/similar"), "similar"),
                (format!("/cases/{id}/order"), "order"),
                (format!("/cases/{id}/given"), "case-given"),
                (format!("/cases/{dispute}/agreement"), "agreement"),
                ("/numbers".into(), "numbers"),
                ("/map".into(), "desk-map"),
                ("/signs".into(), "signs"),
                (format!("/cases/{new}/acts/triage"), "act"),
                (format!("/cases/{id}/acts/triage"), "act-not-now"),
                (format!("/cases/{id}/proof/{record}"), "proof"),
            ],
            "admin" => vec![
                ("/operator".into(), "operator"),
                ("/operator/doctor".into(), "operator-doctor"),
                ("/operator/peers".into(), "operator-peers"),
                ("/operator/streams".into(), "operator-streams"),
                ("/operator/invitations".into(), "operator-invitations"),
                ("/operator/trust".into(), "operator-trust"),
                ("/operator/witness".into(), "operator-witness"),
                ("/operator/accounts".into(), "operator-accounts"),
                ("/operator/accounts/new".into(), "operator-account-new"),
                ("/operator/accounts/dispatcher".into(), "operator-account"),
                ("/operator/files".into(), "operator-files"),
                ("/operator/policies".into(), "operator-policies"),
                (format!("/operator/policies/{policy}"), "operator-policy"),
                ("/operator/access".into(), "operator-access"),
                ("/operator/proposals".into(), "operator-proposals"),
            ],
            STREET => vec![
                ("/desk".into(), "desk-awaiting"),
                ("/numbers".into(), "numbers-below"),
                ("/map".into(), "map-without-grids"),
            ],
            _ => vec![
                ("/work".into(), "work"),
                ("/work/report".into(), "work-report"),
                ("/work/grid".into(), "work-grid"),
                ("/work/notes".into(), "work-notes"),
                ("/work/help".into(), "work-help"),
                ("/work/offline".into(), "work-offline"),
            ],
        }
    }

    async fn visit(&self, kind: Kind, login: &str) -> Browser {
        if login.is_empty() {
            self.house.browser(kind).await
        } else if login == STREET {
            self.house.at_street(kind).await
        } else {
            self.house.signed_in(kind, login).await
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_every_page() {
    let scene = Scene::build().await;
    let both = [(375, 812), (1440, 900)];
    let wrong = &mut Vec::new();
    for (kind, login) in VISITORS {
        let browser = scene.visit(kind, login).await;
        for (path, name) in scene.pages(login) {
            look(&browser, &path, name, &both, wrong).await;
        }
        browser.close().await;
    }
    // That there is no such page is what its status says.
    wrong.retain(|said| !(said.contains("/nowhere") && said.contains("404")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the page shows in Chinese, in its texts and in what is read out.
const CHINESE: &str = "const chinese = /[\\u3000-\\u30ff\\u3400-\\u9fff\\uff00-\\uffef]/; \
    const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT); \
    const found = []; \
    while (walk.nextNode()) { const at = walk.currentNode.parentElement; \
      if (!at.closest('script, style, [lang=zh-CN], .words, blockquote')) \
        found.push(walk.currentNode.textContent); } \
    for (const one of document.querySelectorAll('[title], [aria-label], [placeholder], [alt]')) \
      for (const name of ['title', 'aria-label', 'placeholder', 'alt']) \
        found.push(one.getAttribute(name) || ''); \
    return found.map((text) => text.trim()).filter((text) => chinese.test(text));";

/// What is data: names and words that somebody gave, and the policy's own law.
const DATA: &[&str] = &[
    "徽城镇（演示）",
    "新安社区（演示）",
    "新安社区",
    "稠墅小区第一网格",
    "稠墅小区第二网格",
    "稠墅网格党群驿站",
    "稠墅小区东门",
    // Before the words that are within them.
    "演示居民甲",
    "演示居民乙",
    "演示",
    "三号楼门口的路灯坏了三天",
    "物业费涨价没有公示",
    "垃圾桶满了没人收",
    "电动车堵住楼道",
    "第二网格门口井盖松动",
    "楼上漏水，协商不成",
    "请尽快处理",
    "3 栋 2 单元",
    "C2 镇级兜底保障：逐级上报，由上级处置",
    "基本-01 矛盾纠纷排查化解",
    "配合-01 违法建设查处",
    "收回-01 特种设备安全检查",
];

#[tokio::test(flavor = "multi_thread")]
async fn english_pages_have_no_chinese_beside_what_somebody_said() {
    let scene = Scene::build().await;
    let wrong = &mut Vec::new();
    for (kind, login) in VISITORS {
        let browser = scene.visit(Kind { language: "en", ..kind }, login).await;
        for (path, name) in scene.pages(login) {
            browser.sized(1440, 900).await;
            browser.open(&path).await;
            let lang = browser.script("return document.documentElement.lang", vec![]).await;
            assert_eq!(lang, "en", "{path}");
            let texts = browser.script(CHINESE, vec![]).await;
            for text in texts.as_array().expect("texts").iter().filter_map(|text| text.as_str()) {
                let rest = DATA.iter().fold(text.to_owned(), |text, data| text.replace(data, ""));
                if rest
                    .chars()
                    .any(|c| matches!(c, '\u{3000}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}'))
                {
                    wrong.push(format!("{path}: {text}"));
                }
            }
            keep(&browser, &format!("en-{name}-1440")).await;
            browser.sized(375, 812).await;
            browser.open(&path).await;
            wrong.extend(crate::reach::faults(&browser, &format!("en-{name}-375")).await);
            keep(&browser, &format!("en-{name}-375")).await;
        }
        browser.close().await;
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
