//! A neighbour whose messages can be read and do not hold.

use engine::wire::{Hello, PROTOCOL, Page, Parcel, Request, Response};
use network::Event;

use super::*;

/// A child with good certificates that answers every pull by a page nobody signed.
async fn liar(town: &Site, identity: &Identity) -> network::Handle {
    let key = store::keyfile::load_node_key(&town.folder().node_key()).unwrap();
    let (network, mut events) = network::start(town.config.network.clone(), &key).unwrap();
    let chain = identity.standing.chain().map(|link| link.to_vec().into()).collect();
    let hello = Hello {
        version: PROTOCOL,
        software: "liar 1.0\u{1b}[31m".to_owned(),
        chain,
        addresses: Vec::new(),
        revocations: Vec::new(),
        seen: None,
    };
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            if let Event::Inbound { request, reply, .. } = event {
                reply.send(answer(&request, &hello));
            }
        }
    });
    let parent = identity.standing.parent().unwrap().genesis_key();
    network.allow(parent, identity.parent.clone(), true).await;
    network
}

fn answer(request: &Request, hello: &Hello) -> Response {
    let junk = || vec![0xf6; 40].into();
    let parcel = Parcel {
        entry: junk(),
        record: junk(),
        disclosures: Vec::new(),
        erased: false,
        place: None,
        log: None,
    };
    match request {
        Request::Hello(_) => Response::Hello(hello.clone()),
        Request::Pull(_) => Response::Page(Page { parcels: vec![parcel], ..Page::default() }),
        Request::Enrol(_)
        | Request::Poke
        | Request::Witness(_)
        | Request::Ask(_)
        | Request::Fetch(_)
        | Request::Notice(_)
        | Request::Renew(_)
        | Request::Challenge(_)
        | Request::Reclaim(_) => Response::Refused,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_whose_pages_do_not_verify_is_cut_off_and_shown_with_what_was_wrong() {
    let (mut county, town) = (Site::county(), Site::new());
    county.config.network.conduct.strikes = 0;
    let above = county.start().await;
    let identity = town.join(&county.invite("徽城镇").await).await.unwrap();
    let (key, node) = (identity.standing.key(), identity.standing.node());
    let _liar = liar(&town, &identity).await;
    until("it is refused for a while", || async {
        let status = above.network().status().await;
        status.iter().any(|peer| peer.peer == key && peer.refused_for.is_some())
    })
    .await;
    until("it is gone, and why is not forgotten", || async {
        let contacts = above.engine().status().contacts;
        contacts.get(&node).is_some_and(|contact| !contact.greeted && contact.trouble.is_some())
    })
    .await;
    let local = Local::find(&county.folder()).unwrap();
    let peers = local.get("/v1/peers").await.unwrap();
    let peer = &peers["items"][0];
    assert_eq!(peer["connected"], false);
    assert!(peer["trouble"].as_str().is_some_and(|what| !what.is_empty()), "{peer}");
    assert_eq!(peer["software"], "liar 1.0[31m", "nothing that a terminal would obey");
    assert!(peer.get("last_sync").is_none(), "{peer}");
    above.stop().await;
}
