//! Ways through the console: every page can be come by from where somebody begins, and no link
//! leads nowhere.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;

use crate::driver::{Browser, DESK, PHONE};
use crate::house::{House, sign_in};
use crate::until;

/// Follows every link from the page that is open, one of each kind: ids, codes and what a query
/// asks for make no kinds of their own. Gives each address with its status, where it
/// led, and what the page may load.
const CRAWL: &str = "const starts = arguments[0]; \
    const kind = (url) => url.pathname.replace(/[0-9a-f]{32,}/g, 'ID').replace(/\\/r\\/[^/]+/, '/r/CODE') \
      + '?' + [...url.searchParams.keys()].sort().join('&'); \
    const seen = new Map(); const todo = starts.map((start) => new URL(start, location)); \
    const follow = async () => { \
      while (todo.length && seen.size < 150) { \
        const url = todo.shift(); \
        if (seen.has(kind(url)) || url.origin !== location.origin || url.pathname === '/prefer') continue; \
        seen.set(kind(url), null); \
        const answer = await fetch(url, { headers: { accept: 'text/html' } }); \
        const led = new URL(answer.url); \
        seen.set(kind(url), [url.pathname + url.search, answer.status, led.pathname, \
          answer.headers.get('content-security-policy')]); \
        if (!(answer.headers.get('content-type') || '').startsWith('text/html')) continue; \
        const page = new DOMParser().parseFromString(await answer.text(), 'text/html'); \
        for (const link of page.querySelectorAll('a[href]')) { \
          const next = new URL(link.getAttribute('href'), answer.url); \
          if (!seen.has(kind(next))) todo.push(next); \
        } \
      } \
      return [...seen.values()].filter(Boolean); \
    }; \
    return follow();";

/// Pages that no link leads to, and why.
const NO_LINK: [(&str, &str); 11] = [
    ("/static/{tag}/{name}", "files of pages"),
    ("/map/layers.geojson", "fetched by the map"),
    ("/map/tiles/{z}/{x}/{y}", "fetched by the map, where an operator names a source"),
    ("/work/manifest.webmanifest", "named by the phone's pages"),
    ("/work/sw.js", "registered by the phone's pages"),
    ("/work/offline", "kept by the phone, for where there is no signal"),
    ("/work/token", "asked by the outbox before it sends"),
    ("/prefer", "a switch on every page: another language or size of type"),
    ("/operator/files/under-way/{id}", "shown while a file is worked on"),
    ("/r", "a form leads there, with a code"),
    ("/operator/proposals", "linked for whoever may confirm one that waits"),
];

/// Every page's path, as the console's own files declare it.
fn pages() -> BTreeSet<String> {
    fn gather(folder: &Path, into: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).expect("the console's files") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                gather(&path, into);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                // rustfmt may break a route's line after its parenthesis.
                let text: String = text.split_whitespace().collect();
                let routes = text.split(".route(\"").skip(1);
                into.extend(routes.filter_map(|rest| {
                    let (path, handlers) = rest.split_once("\",")?;
                    handlers.starts_with("get(").then(|| path.to_owned())
                }));
            }
        }
    }
    let mut found = BTreeSet::new();
    gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/console/src"), &mut found);
    found
}

/// Whether a path is one of a page.
fn is_of(path: &str, page: &str) -> bool {
    let (path, page): (Vec<_>, Vec<_>) = (path.split('/').collect(), page.split('/').collect());
    path.len() == page.len()
        && path.iter().zip(page).all(|(part, of)| of.starts_with('{') || *part == of)
}

/// The street's operator, who has a node below.
const STREET: &str = "admin of the street";

async fn note(browser: &Browser) {
    browser.open("/work/notes").await;
    browser.type_in("#text", "走访三单元，老人一切都好。").await;
    browser.click("main button.primary").await;
    until("it is noted", async || browser.text().await.contains("一切都好")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_come_by_from_somebodys_home_and_no_link_is_dead() {
    let house = House::build().await;
    let (id, code) = house.reported("三号楼门口的路灯坏了三天").await;
    house.escalated(&id).await;
    house.furnished().await;
    let dispute = format!("/cases/{}", house.mediated().await);
    house.reported("垃圾桶满了没人收").await;
    let (mut visited, mut dead) = (BTreeSet::new(), Vec::new());
    let receipt = format!("/r/{code}?new=yes");
    for (kind, login, starts) in [
        (PHONE, "", vec!["/", &*receipt]),
        (PHONE, "grid1", vec!["/home"]),
        // One of its cases is a dispute; of each kind of page one is looked at.
        (DESK, "dispatcher", vec!["/home", &*dispute]),
        (DESK, "admin", vec!["/home"]),
        (DESK, STREET, vec!["/home"]),
    ] {
        let browser = match login {
            "" => house.browser(kind).await,
            STREET => house.driver.browser(kind, &house.street_url()).await,
            _ => house.signed_in(kind, login).await,
        };
        match login {
            "" => browser.open("/").await,
            STREET => sign_in(&browser, "admin").await,
            "grid1" => note(&browser).await,
            _ => {}
        }
        let found = browser.script(CRAWL, vec![json!(starts)]).await;
        for one in found.as_array().expect("what was found") {
            let (path, status) = (one[0].as_str().unwrap_or("?"), one[1].as_u64().unwrap_or(0));
            if status >= 400 {
                dead.push(format!("{login}: {path} is answered with {status}"));
            }
            // Proof 14: no page without the policy, nor with a weaker one.
            let policy = one[3].as_str().unwrap_or_default();
            let strict = ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"];
            if policy.contains("unsafe") || !strict.iter().all(|part| policy.contains(part)) {
                dead.push(format!("{login}: {path} comes with the policy {policy:?}"));
            }
            for path in [path, one[2].as_str().unwrap_or("?")] {
                visited.insert(path.split('?').next().unwrap_or_default().to_owned());
            }
        }
        browser.close().await;
    }
    let missed: Vec<String> = pages()
        .into_iter()
        .filter(|page| !NO_LINK.iter().any(|(known, _)| known == page))
        .filter(|page| !visited.iter().any(|path| is_of(path, page)))
        .collect();
    assert!(dead.is_empty(), "{dead:#?}");
    assert!(missed.is_empty(), "no link leads to {missed:#?}");
}
