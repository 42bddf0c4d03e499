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
    let most = if ["/desk", "/cases", "/work", "/operator", "/numbers", "/map", "/signs"]
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
    if path.starts_with("/map") {
        browser.find(".map-live .leaflet-interactive").await;
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

#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_every_page() {
    let house = House::build().await;
    let (id, code) = house.reported("三号楼门口的路灯坏了三天").await;
    house.escalated(&id).await;
    house.furnished().await;
    for title in ["物业费涨价没有公示", "垃圾桶满了没人收", "电动车堵住楼道"]
    {
        house.reported(title).await;
    }
    let both = [(375, 812), (1440, 900)];
    let wrong = &mut Vec::new();
    let resident = house.browser(PHONE).await;
    look(&resident, "/", "front", &both, wrong).await;
    look(&resident, &format!("/report?grid={GRID}"), "about", &both, wrong).await;
    look(&resident, "/report?category=facility", "report", &both, wrong).await;
    look(&resident, "/report/map?category=facility", "map", &both, wrong).await;
    look(&resident, &format!("/r/{code}?new=yes"), "receipt", &both, wrong).await;
    look(&resident, &format!("/r/{code}/given"), "given", &both, wrong).await;
    look(&resident, "/done?open=yes", "done", &both, wrong).await;
    look(&resident, "/login", "login", &both, wrong).await;
    resident.close().await;
    let desk = house.signed_in(DESK, "dispatcher").await;
    look(&desk, "/desk", "desk", &both, wrong).await;
    look(&desk, "/desk?shape=board", "board", &both, wrong).await;
    look(&desk, &format!("/cases/{id}"), "case", &both, wrong).await;
    look(&desk, &format!("/cases/{id}/similar"), "similar", &both, wrong).await;
    look(&desk, &format!("/cases/{id}/order"), "order", &both, wrong).await;
    look(&desk, &format!("/cases/{id}/given"), "case-given", &both, wrong).await;
    let dispute = house.mediated().await;
    look(&desk, &format!("/cases/{dispute}/agreement"), "agreement", &both, wrong).await;
    look(&desk, "/numbers", "numbers", &both, wrong).await;
    look(&desk, "/map", "desk-map", &both, wrong).await;
    look(&desk, "/signs", "signs", &both, wrong).await;
    look(&desk, &format!("/cases/{id}/acts/triage"), "act", &both, wrong).await;
    let steps = house.dispatcher.get(&format!("/v1/cases/{id}/timeline")).await;
    let record = steps["items"][0]["record"].as_str().expect("a step").to_owned();
    look(&desk, &format!("/cases/{id}/proof/{record}"), "proof", &both, wrong).await;
    desk.close().await;
    let operator = house.signed_in(DESK, "admin").await;
    let known = house.community.operator().get("/v1/node").await;
    let policy = format!("/operator/policies/{}", known["policy"].as_str().expect("a policy"));
    for (path, name) in [
        ("/operator", "operator"),
        ("/operator/doctor", "operator-doctor"),
        ("/operator/peers", "operator-peers"),
        ("/operator/streams", "operator-streams"),
        ("/operator/invitations", "operator-invitations"),
        ("/operator/witness", "operator-witness"),
        ("/operator/accounts", "operator-accounts"),
        ("/operator/accounts/new", "operator-account-new"),
        ("/operator/accounts/dispatcher", "operator-account"),
        ("/operator/files", "operator-files"),
        ("/operator/policies", "operator-policies"),
        (&policy, "operator-policy"),
        ("/operator/access", "operator-access"),
    ] {
        look(&operator, path, name, &both, wrong).await;
    }
    operator.close().await;
    let worker = house.signed_in(PHONE, "grid1").await;
    for (path, name) in [
        ("/work", "work"),
        ("/work/report", "work-report"),
        ("/work/grid", "work-grid"),
        ("/work/notes", "work-notes"),
    ] {
        look(&worker, path, name, &both, wrong).await;
    }
    worker.close().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
