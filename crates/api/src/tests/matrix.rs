//! Roles × routes × ground (S18). A route without a row fails.

use governance::policy::Policy;
use hyper::Method;
use serde_json::{Value, json};

use super::house::{BUILDING, House, Who, place, report};
use crate::route::ROUTES;

/// Who knocks, in the order of the columns.
const ROLES: [&str; 7] = ["", "leaver", "head", "grid1", "grid2", "worker", "ops"];

/// A request, and what each of [`ROLES`] is answered.
struct Row {
    id: &'static str,
    path: String,
    body: Option<Value>,
    gives: [u16; 7],
}

fn row(id: &'static str, path: &str, body: Option<Value>, gives: [u16; 7]) -> Row {
    Row { id, path: path.to_owned(), body, gives }
}

/// A case on the ground of `grid1` (and `head`), one on that of `grid2`, and what leads to them.
struct Scene {
    one: String,
    one_record: String,
    two: String,
    two_record: String,
    code: String,
    person: String,
}

async fn scene(house: &House) -> Scene {
    let (one, code) = house.reported(BUILDING[0]).await;
    let (two, _) = house.reported(BUILDING[1]).await;
    let mut records = Vec::new();
    for id in [&one, &two] {
        let path = format!("/v1/cases/{id}/timeline");
        let answer = house.get(Who::Bearer("dispatcher"), &path).await;
        records.push(answer.json()["items"][0]["record"].as_str().unwrap().to_owned());
    }
    let [one_record, two_record] = records.try_into().unwrap();
    let person = house.person("leaver").to_string();
    Scene { one, one_record, two, two_record, code, person }
}

/// Anybody.
const ALL: [u16; 7] = [200; 7];
/// Whoever has an appointment.
const STAFF: [u16; 7] = [401, 403, 200, 200, 200, 200, 200];

/// Whoever holds a power, which of these the operator alone does.
fn power(status: u16) -> [u16; 7] {
    [401, 403, 403, 403, 403, 403, status]
}

fn rows(scene: &Scene) -> Vec<Row> {
    let mut rows = program(scene);
    rows.extend(who(scene));
    rows.extend(cases(scene));
    rows.extend(rest(scene));
    rows.extend(ground());
    rows.extend(papers(scene));
    rows
}

fn program(scene: &Scene) -> Vec<Row> {
    let follow = format!("/v1/reports/{}", scene.code);
    let verify = Some(json!({ "act": "verify", "solved": true }));
    vec![
        row("live", "/livez", None, ALL),
        row("ready", "/readyz", None, ALL),
        // From elsewhere than loopback it is not there.
        row("metrics", "/metrics", None, [404; 7]),
        row("document", "/openapi.json", None, ALL),
        row("policy", "/v1/policy", None, ALL),
        row("node", "/v1/node", None, ALL),
        row("matters", "/v1/matters", None, ALL),
        // What residents report without a category is nobody's to know.
        row("matter", &format!("/v1/matters/{}", scene.one), None, [404; 7]),
        row("policyVersion", "/v1/policies/she-county/0", None, [404; 7]),
        row("policyVersion", &format!("/v1/policies/{}", reference()), None, ALL),
        row("report", "/v1/reports", Some(report(BUILDING[0])), [201; 7]),
        row("followReport", &follow, None, ALL),
        row("ledgerByCode", &format!("{follow}/ledger"), None, ALL),
        row("ledgerByCode", "/v1/reports/0000-0000-0000-0000/ledger", None, [404; 7]),
        row("followReport", "/v1/reports/0000-0000-0000-0000", None, [404; 7]),
        // Signing in gives nobody more than the code does: it is too early to verify.
        row("actByCode", &format!("{follow}/acts"), verify.clone(), [409; 7]),
        row("actByCode", "/v1/reports/0000-0000-0000-0000/acts", verify, [404; 7]),
        // JSON is no photo: who may send one is told so.
        row("keepPhotoByCode", &format!("{follow}/photos"), no_photo(), [422; 7]),
        row("keepPhotoByCode", "/v1/reports/0000-0000-0000-0000/photos", no_photo(), [404; 7]),
        row("photoByCode", &format!("{follow}/photos/{}", "0".repeat(64)), None, [404; 7]),
    ]
}

/// The version that every node here works by.
fn reference() -> String {
    Policy::from_toml(testkit::federation::POLICY).unwrap().reference()
}

fn who(scene: &Scene) -> Vec<Row> {
    let login = json!({ "account": "stranger", "password": "wrong" });
    let password = json!({ "current": "wrong", "new": "another long password" });
    let account = json!({ "person": scene.person, "password": "a long password" });
    let signed_in = |status| [401, status, status, status, status, status, status];
    let token = Some(json!({ "label": "export", "days": 1 }));
    let key = json!({ "key": "0".repeat(64), "label": "x", "time": "2026-06-02T02:00:00Z",
        "signature": "0".repeat(128), "password": "wrong" });
    let enrol = json!({ "secret": "A".repeat(32), "code": "000000", "password": "wrong" });
    vec![
        // Whoever they are, it is one name that they try.
        row("beginSession", "/v1/sessions", Some(login), [401, 401, 401, 401, 401, 429, 429]),
        row("endSession", "/v1/sessions/current", None, signed_in(204)),
        row("me", "/v1/me", None, signed_in(200)),
        row("sessions", "/v1/sessions", None, signed_in(200)),
        row("revokeSession", &format!("/v1/sessions/{}", "0".repeat(64)), None, signed_in(404)),
        row("accountSessions", "/v1/accounts/grid1/sessions", None, power(200)),
        row("accountSessions", "/v1/accounts/nobody/sessions", None, power(404)),
        row("savedViews", "/v1/me/views", None, signed_in(200)),
        row("keepViews", "/v1/me/views", Some(json!({ "views": [] })), signed_in(204)),
        row("changePassword", "/v1/me/password", Some(password), signed_in(401)),
        row("tokens", "/v1/tokens", None, signed_in(200)),
        row("createToken", "/v1/tokens", token, [401, 403, 201, 201, 201, 201, 201]),
        row("endToken", &format!("/v1/tokens/{}", "0".repeat(64)), None, signed_in(404)),
        row("accounts", "/v1/accounts", None, power(200)),
        row("putAccount", "/v1/accounts/new.one", Some(account), power(200)),
        row("offerFactor", "/v1/me/factor/offer", None, signed_in(200)),
        row("enrolFactor", "/v1/me/factor", Some(enrol), signed_in(401)),
        row("resetFactor", "/v1/accounts/grid1/factor", None, power(404)),
        row("enrolKey", "/v1/me/keys", Some(key), [401, 403, 401, 401, 401, 401, 401]),
        row("keys", &format!("/v1/people/{}/keys", scene.person), None, STAFF),
        row("keyCertificate", &format!("/v1/keys/{}", "0".repeat(64)), None, [404; 7]),
        row(
            "revokeKey",
            &format!("/v1/keys/{}", "0".repeat(64)),
            None,
            [401, 403, 404, 404, 404, 404, 404],
        ),
        row("proposals", "/v1/proposals", None, power(200)),
        row(
            "confirmProposal",
            &format!("/v1/proposals/{}/confirmation", "0".repeat(64)),
            None,
            power(404),
        ),
        row("endProposal", &format!("/v1/proposals/{}", "0".repeat(64)), None, power(404)),
    ]
}

fn no_photo() -> Option<Value> {
    Some(json!({}))
}

fn cases(scene: &Scene) -> Vec<Row> {
    let Scene { one, two, one_record, two_record, .. } = scene;
    let on = |id: &str, rest: &str| format!("/v1/cases/{id}{rest}");
    // Whoever runs the node acts on no case and sees none.
    let ground_one = [401, 403, 200, 200, 404, 200, 404];
    let ground_two = [401, 403, 404, 404, 200, 200, 404];
    let nowhere = [401, 403, 404, 404, 404, 404, 404];
    let absent = "0".repeat(32);
    let sort = || Some(json!({ "act": "triage", "urgency": 2 }));
    let again = || Some(json!({ "act": "triage", "urgency": 1 }));
    let back = || Some(json!({ "fields": ["contact_phone"] }));
    let clear = || Some(json!({ "fields": ["contact_phone"], "purpose": "contact" }));
    vec![
        row("cases", "/v1/cases", None, STAFF),
        row("case", &on(one, ""), None, ground_one),
        row("openActs", &on(one, "/acts"), None, ground_one),
        row("openActs", &on(two, "/acts"), None, ground_two),
        row("case", &on(two, ""), None, ground_two),
        row("case", &on(&absent, ""), None, nowhere),
        row("keepPhoto", "/v1/photos", no_photo(), [401, 403, 422, 422, 422, 422, 422]),
        // Who sees which photo is told in `photos`.
        row("photo", &on(one, &format!("/photos/{}", "0".repeat(64))), None, nowhere),
        row("timeline", &on(one, "/timeline"), None, ground_one),
        row("timeline", &on(two, "/timeline"), None, ground_two),
        row("proof", &on(one, &format!("/proof/{one_record}")), None, ground_one),
        row("proof", &on(two, &format!("/proof/{two_record}")), None, ground_two),
        // A record of another case proves nothing here.
        row("proof", &on(one, &format!("/proof/{two_record}")), None, nowhere),
        // Who sees it and may not do it is told so; who does not see it is told nothing.
        row("act", &on(one, "/acts"), sort(), [401, 403, 403, 200, 404, 403, 404]),
        row("act", &on(two, "/acts"), sort(), [401, 403, 404, 404, 200, 403, 404]),
        row("act", &on(&absent, "/acts"), sort(), nowhere),
        // What nobody may do, nobody is shown the consequences of.
        row("signing", &on(one, "/signing"), again(), ground_one),
        row("previewAct", &on(one, "/previews"), again(), [401, 403, 403, 200, 404, 403, 404]),
        row("previewAct", &on(two, "/previews"), again(), [401, 403, 404, 404, 200, 403, 404]),
        row("ledger", &on(one, "/ledger"), None, ground_one),
        row("ledger", &on(two, "/ledger"), None, ground_two),
        // The power over personal data on the ground; and nobody was given any.
        row(
            "withdrawFields",
            &on(one, "/withdrawals"),
            back(),
            [401, 403, 403, 422, 404, 403, 404],
        ),
        row(
            "withdrawFields",
            &on(two, "/withdrawals"),
            back(),
            [401, 403, 404, 404, 422, 403, 404],
        ),
        row("reveal", &on(one, "/reveal"), clear(), [401, 403, 403, 200, 404, 403, 404]),
        row("reveal", &on(two, "/reveal"), clear(), [401, 403, 404, 404, 200, 403, 404]),
        row("accessLog", "/v1/access-log", None, power(200)),
        row(
            "openCase",
            "/v1/cases",
            Some(report(BUILDING[0])),
            [401, 403, 201, 201, 403, 201, 403],
        ),
        row(
            "openCase",
            "/v1/cases",
            Some(report(BUILDING[1])),
            [401, 403, 403, 403, 201, 201, 403],
        ),
        row("similar", &on(one, "/similar"), None, ground_one),
        row("similar", &on(two, "/similar"), None, ground_two),
        row("similarToReport", "/v1/cases/similar", Some(report(BUILDING[0])), STAFF),
        row("events", "/v1/events", None, STAFF),
    ]
}

fn rest(scene: &Scene) -> Vec<Row> {
    let person = format!("/v1/people/{}", scene.person);
    let new = json!({ "places": [{
        "id": "aa".repeat(16), "level": "building", "name": "新楼",
        "parent": place(2).to_string(), "valid_from": "2026-06-03T00:00:00Z",
    }] });
    let name = json!({ "name": "新人" });
    let invite = json!({ "name": "某单位", "level": "community", "area": "341021100001",
        "member": true });
    let ask = json!({ "metric": "received", "grouping": "stage",
        "from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z" });
    let file = json!({ "file": "", "source": "taidi2020" });
    let role = Some(json!({ "role": "grid_worker" }));
    let why = || Some(json!({ "purpose": "contact" }));
    let nobody = json!({ "node": "0".repeat(64), "reason": "ended" });
    vec![
        row(
            "importPlaces",
            "/v1/imports/places",
            Some(json!({ "file": "", "dry_run": true })),
            power(200),
        ),
        row(
            "importPeople",
            "/v1/imports/people",
            Some(json!({ "file": "", "dry_run": true })),
            power(200),
        ),
        row("imports", "/v1/imports", None, STAFF),
        row(
            "exportPeople",
            "/v1/exports/people",
            Some(json!({ "format": "csv", "purpose": "supervision" })),
            power(200),
        ),
        row("exportPlaces", "/v1/exports/places", Some(json!({ "format": "csv" })), power(200)),
        row(
            "exportOrders",
            "/v1/exports/orders",
            Some(json!({ "source": "hotline-12345" })),
            [401, 403, 403, 403, 403, 403, 403],
        ),
        row("checkTerritory", "/v1/territory/check", None, STAFF),
        // Reports of other systems are brought in by who routes them, and by nobody else.
        row(
            "importReports",
            "/v1/imports/reports",
            Some(file),
            [401, 403, 403, 403, 403, 403, 403],
        ),
        row("places", "/v1/places", None, STAFF),
        row("place", &format!("/v1/places/{}", place(2)), None, STAFF),
        row("locate", "/v1/locate?lon=118.425&lat=29.865", None, STAFF),
        row("establish", "/v1/places", Some(new), power(201)),
        row("endPlace", &format!("/v1/places/{}/end", "bb".repeat(16)), None, power(404)),
        row("people", "/v1/people", None, STAFF),
        row("person", &person, None, STAFF),
        row(
            "revealPerson",
            &format!("{person}/reveal"),
            why(),
            [401, 403, 403, 200, 200, 403, 200],
        ),
        row("register", "/v1/people", Some(name.clone()), power(201)),
        row("changePerson", &person, Some(name), power(200)),
        row("appoint", &format!("{person}/appointments"), role, power(201)),
        row("dismiss", &format!("{person}/appointments/county_dispatcher"), None, power(404)),
        row("erasePerson", &format!("{person}/erasure"), None, power(422)),
        row("peers", "/v1/peers", None, power(200)),
        row("outbox", &format!("/v1/peers/{}/outbox", "0".repeat(64)), None, power(404)),
        row("doctor", "/v1/doctor", None, power(200)),
        row("storage", "/v1/storage", None, power(200)),
        row("invite", "/v1/invitations", Some(invite), power(201)),
        row("invitations", "/v1/invitations", None, power(200)),
        row("endInvitation", &format!("/v1/invitations/{}", "0".repeat(64)), None, power(404)),
        row(
            "approveNewcomer",
            &format!("/v1/invitations/{}/approval", "0".repeat(64)),
            Some(json!({ "node": "0".repeat(64) })),
            power(404),
        ),
        row(
            "acceptEpoch",
            &format!("/v1/peers/{}/epoch", "0".repeat(64)),
            Some(json!({ "epoch": 1 })),
            power(404),
        ),
        row(
            "challengePeer",
            &format!("/v1/peers/{}/challenge", "0".repeat(64)),
            Some(json!({})),
            power(404),
        ),
        row(
            "installCertificates",
            "/v1/certificates",
            Some(json!({ "chain": ["00"] })),
            power(422),
        ),
        row("trustActs", "/v1/trust-acts", None, power(200)),
        row("revocations", "/v1/revocations", None, power(200)),
        row("revoke", "/v1/revocations", Some(nobody), power(404)),
        row(
            "installRevocationList",
            "/v1/revocation-lists",
            Some(json!({ "list": "00" })),
            power(422),
        ),
        row("quarantine", "/v1/quarantine", None, power(200)),
        row("numbers", "/v1/numbers", None, power(200)),
        row("ask", "/v1/queries", Some(ask), power(200)),
        row("policies", "/v1/policies", None, STAFF),
        row(
            "putPolicy",
            "/v1/policies",
            Some(json!({ "text": testkit::federation::later(1) })),
            power(201),
        ),
        row("adoptPolicy", &format!("/v1/policies/{}/adopt", reference()), None, power(200)),
        row("adoptPolicy", "/v1/policies/xiapu/1/adopt", None, power(404)),
    ]
}

/// A station that stands on a place.
fn station() -> Value {
    json!({ "kind": "post", "name": "驿站", "place": place(2).to_string(),
        "hours": { "week": [[["08:00", "20:00"]], [], [], [], [], [], []] } })
}

fn ground() -> Vec<Row> {
    let (absent, grid) = ("0".repeat(32), place(2));
    let at = |path: &str| format!("/v1/{path}/{absent}");
    let branch =
        || Some(json!({ "kind": "branch", "name": "网格党支部", "places": [grid.to_string()] }));
    let new = json!({ "id": "cc".repeat(16), "level": "grid", "name": "新网格",
        "parent": place(1).to_string(), "valid_from": "2026-06-03T00:00:00Z" });
    let reshape = json!({ "at": "2026-06-03T00:00:00Z", "end": [absent], "found": [new] });
    let lists = json!({ "management": [{ "number": "1", "what": "巡查", "role": "grid_worker" }] });
    let not_told = [401, 403, 409, 409, 409, 409, 409];
    vec![
        row("organisations", "/v1/party-organisations", None, STAFF),
        row("foundOrganisation", "/v1/party-organisations", branch(), power(201)),
        row("changeOrganisation", &at("party-organisations"), branch(), power(404)),
        row("endOrganisation", &format!("{}/end", at("party-organisations")), None, power(404)),
        row("partyCoverage", "/v1/party-coverage", None, STAFF),
        row("stations", "/v1/stations", None, ALL),
        row("foundStation", "/v1/stations", Some(station()), power(201)),
        row("station", &at("stations"), None, [404; 7]),
        row("changeStation", &at("stations"), Some(station()), power(404)),
        row("endStation", &format!("{}/end", at("stations")), None, power(404)),
        // Its policy tells of no circle.
        row("stationCircle", "/v1/station-circle", None, not_told),
        row("dutyBook", &format!("/v1/places/{grid}/duty-book"), None, STAFF),
        row("putDutyLists", &format!("/v1/places/{grid}/duty-book"), Some(lists), power(200)),
        row("reshape", "/v1/reshapings", Some(reshape), power(422)),
        row("attach", "/v1/attach?address=3-2-501", None, STAFF),
        row("notice", &format!("/v1/places/{grid}/notice"), None, STAFF),
    ]
}

fn papers(scene: &Scene) -> Vec<Row> {
    let person = format!("/v1/people/{}", scene.person);
    let (absent, record) = ("0".repeat(32), "0".repeat(64));
    let entry = json!({ "entry": "contest", "title": "技能比武", "date": "2026-06-01" });
    let card = || {
        Some(json!({ "place": place(2).to_string(), "services": ["mediation"], "name": "某人",
            "phone": "13900000000", "consent": true }))
    };
    let post = || Some(json!({ "name": "周末值班" }));
    let why = || Some(json!({ "purpose": "contact" }));
    let (code, member) =
        ("/v1/registrations/0000-0000-0000-0000".to_owned(), format!("/v1/members/{absent}"));
    let note = json!({ "place": place(BUILDING[0]).to_string(), "date": "2026-06-01",
        "text": "老人病了" });
    let nowhere = [401, 403, 404, 404, 404, 404, 404];
    vec![
        row("appointments", &format!("{person}/appointments"), None, STAFF),
        row("certificate", &format!("/v1/certificates/{record}"), None, nowhere),
        row("checkCertificate", &format!("/v1/certificates/{record}/check"), None, [404; 7]),
        row("growth", &format!("{person}/growth"), None, [401, 403, 404, 404, 404, 404, 200]),
        row("enterGrowth", &format!("{person}/growth"), Some(entry), power(201)),
        row("registerMember", "/v1/registrations", card(), [201; 7]),
        row("registration", &code, None, [404; 7]),
        row("withdrawRegistration", &code, None, [404; 7]),
        row("takePost", &format!("{code}/posts"), post(), [404; 7]),
        row("leavePost", &format!("{code}/posts/{absent}"), None, [404; 7]),
        row("members", "/v1/members", None, power(200)),
        row("takeDownMember", "/v1/members", card(), power(201)),
        row("member", &member, None, power(404)),
        row("revealMember", &format!("{member}/reveal"), why(), power(404)),
        row("withdrawMember", &member, None, power(404)),
        row("takePostFor", &format!("{member}/posts"), post(), power(404)),
        row("leavePostFor", &format!("{member}/posts/{absent}"), None, power(404)),
        row("notes", "/v1/notes", None, STAFF),
        // Whoever runs the node works on no ground, and a neighbour not on this one.
        row("writeNote", "/v1/notes", Some(note), [401, 403, 201, 201, 422, 201, 422]),
        row("note", &format!("/v1/notes/{absent}"), None, nowhere),
        row("eraseNote", &format!("/v1/notes/{absent}/erasure"), None, nowhere),
        row("raiseNote", &format!("/v1/notes/{absent}/case"), Some(report(BUILDING[0])), nowhere),
    ]
}

#[test]
fn every_route_has_a_row() {
    let unknown = || "0".repeat(64);
    let scene = Scene {
        one: unknown(),
        one_record: unknown(),
        two: unknown(),
        two_record: unknown(),
        code: unknown(),
        person: unknown(),
    };
    let rows = rows(&scene);
    for route in ROUTES {
        assert!(rows.iter().any(|row| row.id == route.id), "{} has no row", route.id);
    }
    for row in &rows {
        assert!(ROUTES.iter().any(|route| route.id == row.id), "{} is no route", row.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_beyond_their_role_and_ground() {
    // The person whom rows appoint must not be one of those who knock.
    let house = House::build().await;
    let spare =
        engine::command::What::Register { person: None, name: "替补".into(), phone: None };
    let spare = house.console(spare).await.subject.unwrap().to_string();
    let scene = Scene { person: spare, ..scene(&house).await };
    for Row { id, path, body, gives } in rows(&scene) {
        let route = ROUTES.iter().find(|route| route.id == id).unwrap();
        for (role, status) in ROLES.into_iter().zip(gives) {
            let who = if role.is_empty() { Who::Nobody } else { Who::Bearer(role) };
            let method: Method = route.method.clone();
            if id == "events" {
                let given = super::events::status(&house, who).await;
                assert_eq!(given, status, "{id} as {role:?}");
                continue;
            }
            let answer = house.call(method, &path, who, body.clone(), &[]).await;
            let shown: String = answer.text.chars().take(600).collect();
            assert_eq!(answer.status.as_u16(), status, "{id} {path} as {role:?}: {shown}");
        }
    }
}
