//! A community's node with grids and people, and browsers to look at it.

use serde_json::{Value, json};
use tempfile::TempDir;
use testnet::client::Ask;

use crate::desk::{Desk, text};
use crate::driver::{Browser, Driver, Kind};
use crate::site::{COMMUNITY, STREET, Seat, Site, UNIT};
use crate::until;

/// The password of everybody here.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Ids of the community and its two grids.
const PLACES: [&str; 3] = [
    "01010101010101010101010101010101",
    "02020202020202020202020202020202",
    "03030303030303030303030303030303",
];
/// The code of the first grid, as it stands on a sign.
pub(crate) const GRID: &str = "341021100001001";
/// Its name.
pub(crate) const GRID_NAME: &str = "稠墅小区第一网格";

/// The community next to it.
const SIBLING: Seat =
    Seat {
        name: "古关社区（演示）", level: "community", area: "341021100002", member: false
    };

/// A street and its community, which has people and ground.
pub(crate) struct House {
    root: TempDir,
    pub(crate) street: Site,
    pub(crate) community: Site,
    pub(crate) driver: Driver,
    pub(crate) dispatcher: Desk,
    /// The street's dispatcher.
    pub(crate) street_desk: Desk,
}

impl House {
    /// Builds it.
    pub(crate) async fn build() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        let driver = Driver::start().await;
        let mut street = Site::new(root.path(), "street", "");
        let mut community = Site::new(root.path(), "community", "");
        street.found(STREET).await;
        street.start().await;
        let street_desk = street.operator().appoint("dispatcher", "township_dispatcher").await;
        let token = street.invite(COMMUNITY).await;
        community.join(&token).await;
        community.start().await;
        let operator = community.operator();
        settle(&operator).await;
        let dispatcher = operator.appoint("dispatcher", "community_dispatcher").await;
        appoint(&operator, "grid1", "grid_worker", Some(PLACES[1])).await;
        appoint(&operator, "grid2", "grid_worker", Some(PLACES[2])).await;
        let house = Self { root, street, community, driver, dispatcher, street_desk };
        house.until_met().await;
        house
    }

    async fn until_met(&self) {
        let (above, below) = (self.street.operator(), self.community.operator());
        until("they have met", async || {
            above.peer("child").await["connected"] == true
                && below.peer("parent").await["connected"] == true
        })
        .await;
    }

    /// A station in the first grid, and a case whose very point is known; gives the case.
    pub(crate) async fn furnished(&self) -> String {
        let workday = json!([["08:30", "12:00"], ["14:00", "20:00"]]);
        let weekend = json!([["09:00", "21:00"]]);
        let week = [&workday, &workday, &workday, &workday, &workday, &weekend, &weekend];
        let station = json!({ "kind": "post", "name": "稠墅网格党群驿站", "place": PLACES[1],
            "point": [118.4211, 29.8631], "address": "稠墅小区东门", "hours": { "week": week } });
        self.community.operator().post("/v1/stations", "station-0123456789", station).await;
        let report = json!({ "title": "第二网格门口井盖松动", "category": "facility", "channel": "patrol",
            "description": "车一过就响。", "place": PLACES[2], "point": [118.4262, 29.8622] });
        let id = self.dispatcher.post("/v1/cases", "pointed-0123456789abcdef", report).await;
        text(&id, "id")
    }

    /// Offers a case to the street; it is there when this returns.
    pub(crate) async fn escalated(&self, id: &str) {
        self.dispatcher.act(id, json!({ "act": "accept" })).await;
        let reason = "需要街道协调电力部门";
        self.dispatcher.act(id, json!({ "act": "escalate", "reason": reason })).await;
        until("it is at the street", async || self.street_desk.case(id).await.is_some()).await;
    }

    /// A dispute that was mediated, with two sessions and an agreement; gives its id.
    pub(crate) async fn mediated(&self) -> String {
        let desk = &self.dispatcher;
        let report = json!({ "title": "楼上漏水，协商不成", "category": "dispute",
            "description": "三楼卫生间漏水，二楼天花板泡坏，双方对赔偿多少说不到一起。",
            "channel": "counter", "contact_name": "演示居民甲", "contact_phone": "139-0000-0001",
            "involved": "演示居民乙", "address": "3 栋 2 单元" });
        let id = text(&desk.post("/v1/cases", "dispute-0123456789abcdef", report).await, "id");
        let me = text(&desk.get("/v1/me").await, "person");
        desk.act(&id, json!({ "act": "accept" })).await;
        desk.act(&id, json!({ "act": "mediate", "severity": "ordinary", "mediators": [me] })).await;
        for (number, note) in
            ["双方到场，看了漏水点，约定请物业检测。", "物业出了检测结果，双方同意分担。"]
                .into_iter()
                .enumerate()
        {
            let held = desk.get(&format!("/v1/cases/{id}")).await["opened"].clone();
            let act = json!({ "act": "session", "held": held, "note": note });
            let path = format!("/v1/cases/{id}/acts");
            desk.post(&path, &format!("{id}-session-{number}"), act).await;
        }
        let terms = "一、三楼住户于七日内修好防水；\n二、三楼住户赔偿二楼住户天花板修复费八百元，三日内付清；\n三、双方再无其他争议。";
        desk.act(&id, json!({ "act": "agreement", "reached": true, "text": terms })).await;
        id
    }

    /// A further community below the street, with a dispatcher of its own.
    pub(crate) async fn sibling(&self) -> Site {
        let mut sibling = Site::new(self.root.path(), "sibling", "");
        sibling.join(&self.street.invite(SIBLING).await).await;
        sibling.start().await;
        sibling.operator().appoint("dispatcher", "community_dispatcher").await;
        sibling
    }

    /// A member unit of the street, which has met it.
    pub(crate) async fn unit(&self) -> Site {
        let mut unit = Site::new(self.root.path(), "unit", "");
        unit.join(&self.street.invite(UNIT).await).await;
        unit.start().await;
        until("they have met", async || unit.operator().peer("parent").await["connected"] == true)
            .await;
        unit
    }

    /// The folder in which its nodes have theirs.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.root.path()
    }

    /// The dispatcher, after the node was started anew: its port may be another.
    pub(crate) fn dispatcher_now(&self) -> Desk {
        Desk { token: self.dispatcher.token.clone(), ..self.community.operator() }
    }

    /// A browser for the community's pages.
    pub(crate) async fn browser(&self, kind: Kind) -> Browser {
        self.driver.browser(kind, &text(&self.community.note(), "url")).await
    }

    /// Where the street's pages are.
    pub(crate) fn street_url(&self) -> String {
        text(&self.street.note(), "url")
    }

    /// A browser in which the street's dispatcher has signed in.
    pub(crate) async fn at_street(&self, kind: Kind) -> Browser {
        let browser = self.driver.browser(kind, &self.street_url()).await;
        sign_in(&browser, "dispatcher").await;
        browser
    }

    /// A browser in which somebody has signed in.
    pub(crate) async fn signed_in(&self, kind: Kind, login: &str) -> Browser {
        let browser = self.browser(kind).await;
        sign_in(&browser, login).await;
        browser
    }

    /// A case, reported by a resident in the first grid; gives its id and code.
    pub(crate) async fn reported(&self, title: &str) -> (String, String) {
        let report = json!({ "title": title, "description": format!("{title}，请尽快处理。"),
                             "channel": "resident", "category": "facility", "place": PLACES[1] });
        let ask = Ask::post("/v1/reports", report);
        let taken = self.dispatcher.client.json(ask).await;
        let taken = taken.unwrap_or_else(|error| panic!("{error}"));
        (text(&taken, "id"), text(&taken, "code"))
    }
}

/// Signs in on the page for that.
pub(crate) async fn sign_in(browser: &Browser, login: &str) {
    browser.open("/login").await;
    browser.type_in("#account", login).await;
    browser.type_in("#password", PASSWORD).await;
    browser.click("main button.primary").await;
    until("signed in", async || browser.path().await != "/login").await;
}

async fn settle(operator: &Desk) {
    let square = |west: f64| {
        let (east, south, north) = (west + 0.004, 29.86, 29.864);
        json!([[[west, south], [east, south], [east, north], [west, north], [west, south]]])
    };
    let place = |id: &str, level: &str, code: &str, name: &str, parent: Option<&str>, at: Value| {
        json!({ "id": id, "level": level, "code": code, "name": name, "parent": parent,
                "boundary": at, "valid_from": "2024-01-01T00:00:00.000Z" })
    };
    let root = Some(PLACES[0]);
    let places = json!({ "places": [
        place(PLACES[0], "community", "341021100001", "新安社区", None, Value::Null),
        place(PLACES[1], "grid", GRID, GRID_NAME, root, square(118.42)),
        place(PLACES[2], "grid", "341021100001002", "稠墅小区第二网格", root, square(118.424)),
    ] });
    operator.post("/v1/places", "places", places).await;
}

async fn appoint(operator: &Desk, login: &str, role: &str, scope: Option<&str>) {
    let person = json!({ "name": format!("演示{login}"), "phone": "0559-000-0000" });
    let person = operator.post("/v1/people", &format!("{login}-person"), person).await;
    let person = text(&person, "subject");
    let path = format!("/v1/people/{person}/appointments");
    let role = json!({ "role": role, "scope": scope });
    operator.post(&path, &format!("{login}-role"), role).await;
    let account = json!({ "person": person, "password": PASSWORD });
    let put = Ask::put(format!("/v1/accounts/{login}"), account).by(&operator.token);
    operator.client.json(put).await.unwrap_or_else(|error| panic!("{error}"));
}
