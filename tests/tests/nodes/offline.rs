//! Nodes that are away for a while and come back, also to another place.

use std::net::TcpListener;

use serde_json::json;

use crate::desk::text;
use crate::matter::{accepted, escalated, finish, handle, send_home, take};
use crate::pair::Pair;
use crate::site::Site;

/// Matters of the time in which one is away.
const MEANWHILE: usize = 30;

/// Starts a node that was stopped while another program has its port.
async fn start_elsewhere(site: &mut Site, before: &str) -> String {
    let port = before.split('/').nth(4).and_then(|port| port.parse::<u16>().ok());
    let taken = TcpListener::bind(("127.0.0.1", port.expect("an address has a port")));
    site.start().await;
    drop(taken);
    let now = site.address();
    assert_ne!(now, before, "it is at another port");
    now
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_offline_catches_up_by_itself() {
    let mut pair = Pair::meet("").await;
    let before = pair.street.address();
    pair.street.stop().await;
    let community = pair.at_community();
    let mut cases = Vec::new();
    for number in 0..MEANWHILE {
        cases.push(escalated(&community, &format!("meanwhile-{number}")).await);
        accepted(&community, &format!("at-home-{number}")).await;
    }
    let parent = pair.community.operator().peer("parent").await;
    assert_eq!(parent["connected"], false);
    assert!(parent["lag"].as_u64() >= Some(3 * MEANWHILE as u64), "{parent}");
    // The parent comes back at another port, of which nobody tells the child.
    start_elsewhere(&mut pair.street, &before).await;
    pair.until_met().await;
    pair.until_even().await;
    let street = pair.at_street();
    let mut came: Vec<String> = street.cases().await.iter().map(|case| text(case, "id")).collect();
    let mut went = cases.clone();
    came.sort();
    went.sort();
    assert_eq!(came, went, "all that was escalated, and nothing that was not");
    let (sent, received) = (
        pair.community.operator().peer("parent").await,
        pair.street.operator().peer("child").await,
    );
    assert_eq!(sent["sent"], received["received"]);
    pair.stop_and_verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_that_was_away_and_moved_finds_what_came_home_meanwhile() {
    let mut pair = Pair::meet("").await;
    let community = pair.at_community();
    let mut cases = Vec::new();
    for number in 0..MEANWHILE {
        cases.push(escalated(&community, &format!("before-{number}")).await);
    }
    pair.until_even().await;
    let before = pair.community.address();
    pair.community.stop().await;
    let street = pair.at_street();
    for case in &cases {
        for act in [take(), handle(), send_home()] {
            street.act(case, act).await;
        }
    }
    let child = pair.street.operator().peer("child").await;
    assert_eq!(child["connected"], json!(false));
    assert!(child["lag"].as_u64() >= Some(3 * MEANWHILE as u64), "{child}");
    let after = start_elsewhere(&mut pair.community, &before).await;
    pair.until_met().await;
    let community = pair.at_community();
    for case in &cases {
        finish(&community, case).await;
    }
    pair.until_even().await;
    let child = pair.street.operator().peer("child").await;
    assert_eq!(child["addresses"], json!([after]), "the street knows where it is now");
    pair.stop_and_verify().await;
}
