//! Leaders look at numbers of the nodes below.

use crate::desk::text;
use crate::driver::DESK;
use crate::house::House;
use crate::until;

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_asked_of_the_nodes_below_and_who_is_missing_is_named() {
    let mut house = House::build().await;
    for title in ["路灯不亮", "垃圾满溢", "河道护栏断裂", "井盖松动", "树枝伸路", "电线垂落"]
    {
        house.reported(title).await;
    }
    let street = house.at_street(DESK).await;
    street.press("统计").await;
    let complete = street.words(".completeness").await;
    assert!(complete.contains("完整：2 个节点都已回答"), "{complete}");
    let community = text(&house.community.operator().get("/v1/node").await, "name");
    // Every one of its questions was put, and answered.
    let everything = street.text().await;
    assert!(!everything.contains("不完整") && !everything.contains("没有及时答复"), "{everything}");
    let received = street.words(".figure .figures tbody").await;
    // Six there are, and what leaves the community are multiples of five (S9).
    assert!(received.contains(&community) && received.contains('5'), "{received}");
    assert!(!received.contains('6'), "{received}");
    assert!(complete.contains("至多 4 件"), "{complete}");
    // Further down by asking: no row of the community's is kept at the street.
    street.press(&community).await;
    assert!(street.path().await.contains("under="), "{}", street.path().await);
    let grids = street.words(".figure .figures tbody").await;
    assert!(grids.contains(crate::house::GRID), "{grids}");
    assert!(!street.source().await.contains("路灯不亮"), "numbers only");

    house.community.kill().await;
    until("it is known that the community is away", async || {
        house.street.operator().peer("child").await["connected"] == false
    })
    .await;
    street.open("/numbers").await;
    let partial = street.words(".completeness").await;
    assert!(partial.contains("不完整") && partial.contains(&community), "{partial}");
    let body = street.text().await;
    assert!(!body.contains("完整：2"), "{body}");
    // Asked for by itself, it has no numbers, and that is said.
    let complaints = street.complaints().await;
    assert!(complaints.is_empty(), "{complaints:?}");
    street.close().await;
}
