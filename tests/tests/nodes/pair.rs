//! A street and its community, joined, running, and with somebody at each desk.

use tempfile::TempDir;

use crate::desk::Desk;
use crate::site::{COMMUNITY, STREET, Site};
use crate::until;

/// A street and its community.
pub(crate) struct Pair {
    _root: TempDir,
    /// The street.
    pub(crate) street: Site,
    /// The community.
    pub(crate) community: Site,
    /// Token of the street's dispatcher.
    street_token: String,
    community_token: String,
    /// Secret of the invitation with which the community joined.
    secret: Vec<u8>,
}

impl Pair {
    /// Sets both up, and waits until they have met. `more` goes into the street's configuration.
    pub(crate) async fn meet(more: &str) -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        let mut street = Site::new(root.path(), "street", more);
        let mut community = Site::new(root.path(), "community", "");
        street.found(STREET).await;
        street.start().await;
        let token = street.invite(COMMUNITY).await;
        community.join(&token).await;
        community.start().await;
        let street_token = street.operator().appoint("dispatcher", "township_dispatcher").await;
        let community_token =
            community.operator().appoint("dispatcher", "community_dispatcher").await;
        let (street_token, community_token) = (street_token.token, community_token.token);
        let secret = crate::wire::invitation(&token).secret.to_vec();
        let pair = Self { _root: root, street, community, street_token, community_token, secret };
        pair.until_met().await;
        pair
    }

    /// The street's dispatcher, while it runs.
    pub(crate) fn at_street(&self) -> Desk {
        Desk { token: self.street_token.clone(), ..self.street.operator() }
    }

    /// The community's dispatcher, while it runs.
    pub(crate) fn at_community(&self) -> Desk {
        Desk { token: self.community_token.clone(), ..self.community.operator() }
    }

    /// The secret of an invitation that was used.
    pub(crate) fn used_secret(&self) -> Vec<u8> {
        self.secret.clone()
    }

    /// Waits until each has checked the other's certificates.
    pub(crate) async fn until_met(&self) {
        let (above, below) = (self.street.operator(), self.community.operator());
        until("they have met", async || {
            above.peer("child").await["connected"] == true
                && below.peer("parent").await["connected"] == true
        })
        .await;
    }

    /// Waits until each has all that the other has for it, and knows that the other has, too.
    pub(crate) async fn until_even(&self) {
        let (above, below) = (self.street.operator(), self.community.operator());
        until("both streams are read to their ends", async || {
            let (child, parent) = (above.peer("child").await, below.peer("parent").await);
            child["lag"] == 0
                && parent["lag"] == 0
                && child["received"] == parent["sent"]
                && child["sent"] == parent["received"]
        })
        .await;
    }

    /// Stops both and verifies their journals.
    pub(crate) async fn stop_and_verify(&mut self) {
        self.community.stop().await;
        self.street.stop().await;
        self.community.verify().await;
        self.street.verify().await;
    }
}
