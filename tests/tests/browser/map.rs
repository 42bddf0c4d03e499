//! The map, with and without scripts.

use crate::driver::{DESK, Kind, PHONE};
use crate::house::House;

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
