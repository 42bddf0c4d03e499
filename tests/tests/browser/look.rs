//! Pictures of every page, for people to look at: `WANGGE_PICTURES=DIR cargo test -p tests --test
//! browser pictures`. Without a folder each page is opened all the same, and nothing may be wrong.

use crate::driver::{Browser, DESK, PHONE};
use crate::house::{GRID, House};

/// Most bytes that a page for residents, and one for staff, brings in all.
const RESIDENT: u64 = 60_000;
const STAFF: u64 = 400_000;

/// Bytes of the page with all that it loads, and how much of that is from elsewhere.
const WEIGHT: &str = "const all = [...performance.getEntriesByType('navigation'), \
                      ...performance.getEntriesByType('resource')]; \
                      return [all.reduce((sum, one) => sum + one.encodedBodySize, 0), \
                      all.filter((one) => !one.name.startsWith(location.origin)).length]";

/// Opens a page in every size, light and dark: everybody can use it, it is not heavy, asks nothing
/// of elsewhere, and the browser complains of nothing (proofs 10 and 14).
async fn look(browser: &Browser, path: &str, name: &str, sizes: &[(u32, u32)]) {
    for (width, height) in sizes {
        browser.sized(*width, *height).await;
        for dark in [false, true] {
            browser.dark(dark).await;
            browser.open(path).await;
            crate::reach::check(browser, &format!("{name}-{width}-{dark}")).await;
            keep(browser, &format!("{name}-{width}-{}", if dark { "dark" } else { "light" })).await;
        }
    }
    browser.dark(false).await;
    browser.open(path).await;
    let weight = browser.script(WEIGHT, vec![]).await;
    let most =
        if ["/desk", "/cases", "/work", "/operator"].iter().any(|part| path.starts_with(part)) {
            STAFF
        } else {
            RESIDENT
        };
    assert!(weight[0].as_u64().is_some_and(|bytes| bytes < most), "{path} weighs {weight}");
    assert_eq!(weight[1], 0, "{path} asks another origin");
    weigh(name, &weight);
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{path}: {complaints:?}");
}

/// Notes what a page weighs beside its pictures.
fn weigh(name: &str, weight: &serde_json::Value) {
    let Some(folder) = std::env::var_os("WANGGE_PICTURES") else { return };
    let path = std::path::Path::new(&folder).join("weights.txt");
    let mut text = std::fs::read_to_string(&path).unwrap_or_default();
    text.push_str(&format!("{name} {}\n", weight[0]));
    std::fs::write(path, text).expect("a note can be written");
}

async fn keep(browser: &Browser, name: &str) {
    let Some(folder) = std::env::var_os("WANGGE_PICTURES") else { return };
    let path = std::path::Path::new(&folder).join(format!("{name}.png"));
    let height = browser.script("return document.documentElement.scrollHeight", vec![]).await;
    let width = browser.script("return document.documentElement.clientWidth", vec![]).await;
    let wide = browser.script("return document.documentElement.scrollWidth", vec![]).await;
    assert!(wide.as_u64() <= width.as_u64(), "{name} is wider than its window");
    let sized =
        |value: serde_json::Value| u32::try_from(value.as_u64().unwrap_or(800)).unwrap_or(800);
    let (width, height) = (sized(width), sized(height).clamp(400, 3_000));
    browser.sized(width, height).await;
    std::fs::write(path, browser.picture().await).expect("a picture can be written");
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_every_page() {
    let house = House::build().await;
    let (id, code) = house.reported("三号楼门口的路灯坏了三天").await;
    for title in ["物业费涨价没有公示", "垃圾桶满了没人收", "电动车堵住楼道"]
    {
        house.reported(title).await;
    }
    let both = [(375, 812), (1440, 900)];
    let resident = house.browser(PHONE).await;
    look(&resident, "/", "front", &both).await;
    look(&resident, &format!("/report?grid={GRID}"), "about", &both).await;
    look(&resident, "/report?category=facility", "report", &both).await;
    look(&resident, "/report/map?category=facility", "map", &both).await;
    look(&resident, &format!("/r/{code}?new=yes"), "receipt", &both).await;
    look(&resident, "/done?open=yes", "done", &both).await;
    look(&resident, "/login", "login", &both).await;
    resident.open("/prefer?type=large&back=/").await;
    look(&resident, "/report?category=facility", "report-large", &both[..1]).await;
    resident.close().await;
    let desk = house.signed_in(DESK, "dispatcher").await;
    look(&desk, "/desk", "desk", &both).await;
    look(&desk, "/desk?shape=board", "board", &both).await;
    look(&desk, &format!("/cases/{id}"), "case", &both).await;
    look(&desk, &format!("/cases/{id}/similar"), "similar", &both).await;
    look(&desk, &format!("/cases/{id}/order"), "order", &both).await;
    look(&desk, &format!("/cases/{id}/acts/triage"), "act", &both).await;
    let steps = house.dispatcher.get(&format!("/v1/cases/{id}/timeline")).await;
    let record = steps["items"][0]["record"].as_str().expect("a step").to_owned();
    look(&desk, &format!("/cases/{id}/proof/{record}"), "proof", &both).await;
    desk.close().await;
    let operator = house.signed_in(DESK, "admin").await;
    let known = house.community.operator().get("/v1/node").await;
    let policy = format!("/operator/policies/{}", known["policy"].as_str().expect("a policy"));
    for (path, name) in [
        ("/operator", "operator"),
        ("/operator/doctor", "operator-doctor"),
        ("/operator/peers", "operator-peers"),
        ("/operator/streams", "operator-streams"),
        ("/operator/witness", "operator-witness"),
        ("/operator/accounts", "operator-accounts"),
        ("/operator/accounts/new", "operator-account-new"),
        ("/operator/accounts/dispatcher", "operator-account"),
        ("/operator/policies", "operator-policies"),
        (&policy, "operator-policy"),
        ("/operator/access", "operator-access"),
    ] {
        look(&operator, path, name, &both).await;
    }
    operator.close().await;
    let worker = house.signed_in(PHONE, "grid1").await;
    for (path, name) in [
        ("/work", "work"),
        ("/work/report", "work-report"),
        ("/work/grid", "work-grid"),
        ("/work/notes", "work-notes"),
    ] {
        look(&worker, path, name, &both).await;
    }
    worker.close().await;
}
