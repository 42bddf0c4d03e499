//! Neighbours that come, go and move.

use super::*;

#[tokio::test]
async fn a_neighbour_that_restarts_on_another_port_is_found_when_the_address_is_told() {
    let (mut county, town) = pair(Node::start(1), Node::start(2)).await;
    let before = county.status_of(town.key).await.unwrap().connections[0].address.clone();
    town.handle.shutdown(Duration::from_secs(1)).await;
    county.disconnected(town.key).await;
    let mut town = Node::start(2);
    town.handle.allow(county.key, Vec::new(), false).await;
    let address = town.address().await;
    county.handle.allow(town.key, vec![address], true).await;
    assert!(county.connected(town.key).await);
    let after = county.status_of(town.key).await.unwrap().connections[0].address.clone();
    assert_ne!(before, after);
    assert!(town.connected(county.key).await);
}

#[tokio::test]
async fn a_lost_neighbour_is_dialled_again_until_it_is_there() {
    let (county, mut town) = pair(Node::start(1), Node::start(2)).await;
    // The county takes the town off its list: the town loses it, and keeps being turned away.
    town.handle.allow(county.key, county.handle.addresses().await, true).await;
    county.handle.forbid(town.key).await;
    town.disconnected(county.key).await;
    county.handle.allow(town.key, Vec::new(), false).await;
    assert!(town.connected(county.key).await);
}

#[tokio::test]
async fn a_neighbour_says_itself_where_it_listens() {
    let (county, mut town) = pair(Node::start(1), Node::start(2)).await;
    let _ = &mut town;
    // The county dialled, so only identify can tell the town where the county listens.
    let listens = county.handle.addresses().await;
    let without_key = listens[0].split("/p2p/").next().unwrap().to_owned();
    town.until(county.key, |peer| peer.addresses.contains(&without_key)).await;
}

#[tokio::test]
async fn a_stale_address_with_somebody_else_behind_it_does_not_hide_the_neighbour() {
    let mut other = Node::start(3);
    let stale = other.address().await.split("/p2p/").next().unwrap().to_owned();
    let mut town = Node::start(2);
    let right = town.address().await;
    let mut county = Node::start(1);
    other.handle.allow(county.key, Vec::new(), false).await;
    town.handle.allow(county.key, Vec::new(), false).await;
    county.handle.allow(town.key, vec![stale, right], true).await;
    assert!(county.connected(town.key).await);
}

#[tokio::test]
async fn two_neighbours_that_dial_each_other_stay_connected() {
    let mut first = Node::start(1);
    let mut second = Node::start(2);
    let (to_first, to_second) = (first.address().await, second.address().await);
    let (one, two) = (first.key, second.key);
    tokio::join!(
        first.handle.allow(two, vec![to_second], true),
        second.handle.allow(one, vec![to_first], true)
    );
    first.connected(two).await;
    second.connected(one).await;
    let _second = second.serve(|_| Response::Done);
    for _ in 0..20 {
        let got = within(first.handle.request(&two, Request::Poke, PATIENCE)).await;
        assert!(got.unwrap() == Response::Done);
    }
    assert!(first.status_of(two).await.unwrap().connections.len() <= 2);
}

#[tokio::test]
async fn a_forbidden_neighbour_is_disconnected_and_stays_out() {
    let (county, mut town) = pair(Node::start(1), Node::start(2)).await;
    town.handle.forbid(county.key).await;
    town.disconnected(county.key).await;
    county.until(town.key, |peer| peer.connections.is_empty()).await;
    // It dials again and again, and is turned away each time.
    let town_key = town.key;
    county
        .until(town_key, |peer| {
            matches!(
                peer.dialling,
                crate::Dialling::Again { failures: 3.., .. }
                    | crate::Dialling::Now { failures: 3.. }
            )
        })
        .await;
    assert!(town.handle.status().await.is_empty());
}

#[tokio::test]
async fn pings_that_do_not_come_back_close_the_connection() {
    let mut watchful = config();
    watchful.ping.interval = Duration::from_millis(20);
    watchful.ping.timeout = Duration::from_millis(100);
    let mut county = Node::with(1, watchful);
    let address = county.address().await;
    let (town_key, county_key) = (key(2).public(), county.key);
    county.handle.allow(town_key, Vec::new(), false).await;
    // The town runs on a runtime of its own, which nobody drives once it is told to freeze: its
    // socket stays open and says nothing, like a machine that hangs.
    let (freeze, freezing) = tokio::sync::oneshot::channel::<()>();
    let (thaw, frozen) = std::sync::mpsc::channel::<()>();
    let town = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let town = runtime.block_on(async {
            let mut town = Node::start(2);
            town.handle.allow(county_key, vec![address], true).await;
            town.connected(county_key).await;
            freezing.await.unwrap();
            town
        });
        let _ = frozen.recv();
        drop(town);
    });
    county.connected(town_key).await;
    county.until(town_key, |peer| peer.connections[0].round_trip.is_some()).await;
    freeze.send(()).unwrap();
    county.disconnected(town_key).await;
    thaw.send(()).unwrap();
    town.join().unwrap();
}
