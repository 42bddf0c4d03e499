//! The map, with and without scripts.

use serde_json::{Value, json};

use crate::driver::{DESK, Kind, PHONE};
use crate::house::House;
use crate::site::STREET;

#[tokio::test(flavor = "multi_thread")]
async fn the_map_and_the_list_beside_it_say_the_same() {
    let house = House::build().await;
    house.reported("路灯不亮").await;
    house.furnished().await;
    let still = house.signed_in(Kind { scripts: false, ..DESK }, "dispatcher").await;
    still.open("/map").await;
    assert!(still.has("svg.layers .area.running, svg.layers .area.soon").await);
    assert!(still.has("svg.layers .dot").await && still.has("svg.layers .station").await);
    let list = still.words(".list-side").await;
    for word in ["稠墅小区第一网格", "在办 1，超时 0", "稠墅网格党群驿站", "周一至周五 08:30–12:00"]
    {
        assert!(list.contains(word), "{word}: {list}");
    }
    assert!(list.contains("党组织"), "gaps are named: {list}");
    still.close().await;

    let live = house.signed_in(DESK, "dispatcher").await;
    live.open("/map").await;
    live.find(".map-live path.area").await;
    live.find(".map-live path.dot").await;
    live.find(".map-live .station-mark").await;
    // No tiles, and nothing of anybody else's.
    assert!(!live.has(".map-live img").await && !live.has(".leaflet-control-attribution").await);
    let foreign = "return performance.getEntriesByType('resource') \
        .filter((one) => !one.name.startsWith(location.origin)).length";
    assert_eq!(live.script(foreign, vec![]).await, 0);
    let complaints = live.complaints().await;
    assert!(complaints.is_empty(), "{complaints:?}");
    live.close().await;

    let worker = house.signed_in(Kind { scripts: false, ..PHONE }, "grid1").await;
    worker.open("/work/grid").await;
    assert!(worker.has("svg.layers .area.mine").await);
    let mine = worker.words("main").await;
    assert!(mine.contains("在办 1，超时 0") && mine.contains("驿站"), "{mine}");
    worker.press("二维码").await;
    assert!(worker.has(".sign svg.qr").await);
    let sign = worker.words(".sign").await;
    assert!(sign.contains(crate::house::GRID), "the address stands below the code: {sign}");
    worker.close().await;
}

/// The content security policy of a page of the node, as the browser is given it.
const POLICY: &str = "return fetch(arguments[0]).then((page) => \
    page.headers.get('content-security-policy'))";

/// Whether a picture from somewhere may be loaded into the page.
const LOADS: &str = "return new Promise((done) => { const image = new Image(); \
    image.onload = () => done(true); image.onerror = () => done(false); \
    image.src = arguments[0]; })";

#[tokio::test(flavor = "multi_thread")]
async fn tiles_come_from_the_source_that_the_operator_named_and_from_nowhere_else() {
    let mut house = House::build().await;
    house.furnished().await;
    // What serves the tiles here is another node, over TLS: each is its little picture.
    let tiles = crate::tls::node(house.folder(), "tiles", STREET).await;
    let port = tiles.note()["url"].as_str().expect("a url").rsplit(':').next().map(str::to_owned);
    let port = port.expect("a port");
    let picture = |host: &str| format!("https://{host}:{port}/static/x/icon.svg");
    let (source, other) = (format!("https://127.0.0.1:{port}"), picture("localhost"));
    let address = format!("{}?z={{z}}&x={{x}}&y={{y}}", picture("127.0.0.1"));
    house.community.stop().await;
    let config = house.folder().join("community/wangge.toml");
    let known = std::fs::read_to_string(&config).expect("a configuration");
    let map = format!("[map]\ntiles = {address:?}\nattribution = \"示例 <b>地图</b>\"\n");
    std::fs::write(&config, format!("{known}\n{map}")).expect("written");
    house.community.start().await;

    let browser = house.signed_in(DESK, "dispatcher").await;
    browser.open("/map").await;
    browser.find(".map-live img.leaflet-tile-loaded").await;
    let names = "return performance.getEntriesByType('resource').map((one) => one.name) \
        .filter((name) => !name.startsWith(location.origin))";
    let asked = browser.script(names, vec![]).await;
    let asked: Vec<&str> =
        asked.as_array().expect("names").iter().filter_map(Value::as_str).collect();
    assert!(!asked.is_empty(), "tiles were asked for");
    assert!(asked.iter().all(|name| name.starts_with(&format!("{source}/static/x/"))), "{asked:?}");
    let said = browser.words(".leaflet-control-attribution").await;
    assert!(said.contains("示例 <b>地图</b>"), "as words: {said}");

    // The page of the map lets that one origin in, for pictures; no other page does, and no other
    // origin is let in.
    let policy = |path: &str| browser.script(POLICY, vec![json!(path)]);
    let map = policy("/map").await;
    let map = map.as_str().expect("a policy");
    assert_eq!(map.matches("https:").count(), 1, "{map}");
    assert!(map.contains(&format!("img-src 'self' {source} ")), "{map}");
    let desk = policy("/desk").await;
    assert!(!desk.as_str().expect("a policy").contains("https:"), "{desk}");
    assert_eq!(browser.script(LOADS, vec![json!(picture("127.0.0.1"))]).await, true);
    assert_eq!(browser.script(LOADS, vec![json!(other)]).await, false, "another origin");
    browser.complaints().await;
    browser.open("/desk").await;
    assert_eq!(browser.script(LOADS, vec![json!(picture("127.0.0.1"))]).await, false);
    browser.close().await;
}
