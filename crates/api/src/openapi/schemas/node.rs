//! This node, its policy, its peers, and numbers.

use governance::trust::TrustAct;
use serde_json::{Map, Value, json};

use super::{Property, count, flag, list, object, one_of, page, text};
use crate::openapi::reference;
use crate::strict::PATTERN;

/// Schemas of the node and the federation.
pub(super) fn put(schemas: &mut Map<String, Value>) {
    let mut put = |name: &str, schema: Value| {
        schemas.insert(name.to_owned(), schema);
    };
    put(
        "Policy",
        json!({ "type": "object",
        "required": ["key", "version", "name", "name_en", "level", "role", "channel", "category",
            "stage", "act", "custody", "disclosure"],
        "description": "The policy as its file has it." }),
    );
    let edition = || {
        let needs = vec![
            ("reference", text()),
            ("digest", reference("Id32")),
            ("recorded", reference("Time")),
            ("in_force", flag()),
        ];
        let may = vec![
            ("in_force_since", reference("Time")),
            ("published", reference("Time")),
            ("from", reference("NodeName")),
        ];
        (needs, may)
    };
    let (needs, may) = edition();
    put("PolicyEdition", object(&needs, &may));
    put("PolicyPage", page("PolicyEdition"));
    let (mut needs, may) = edition();
    needs.push(("text", text()));
    put("PolicyDetail", object(&needs, &may));
    let toml = json!({ "type": "string", "maxLength": 262_144, "pattern": PATTERN,
        "description": "A policy in TOML, at most 256 KiB." });
    put("PutPolicy", object(&[("text", toml)], &[("publish", flag())]));
    let validity = [
        ("serial", count()),
        ("not_before", reference("Time")),
        ("not_after", reference("Time")),
        ("days_left", json!({ "type": "integer" })),
    ];
    put("Validity", object(&validity, &[]));
    let mut node = who();
    node.extend([
        ("rights", list(one_of(&["govern", "enrol", "member", "aggregate"]))),
        ("federation", reference("Id32")),
        ("federation_short", text()),
        ("policy", text()),
    ]);
    put("Node", object(&node, &[("parent", reference("NodeName"))]));
    put("Peer", peer());
    put("PeerPage", page("Peer"));
    put("Invite", invite());
    let invited = [
        ("id", reference("Id32")),
        ("record", reference("Id32")),
        ("token", text()),
        ("expires", reference("Time")),
        ("federation_short", text()),
        ("short", text()),
    ];
    put("Invited", object(&invited, &[]));
    let open = [
        ("id", reference("Id32")),
        ("name", text()),
        ("level", reference("Named")),
        ("area", reference("Area")),
        ("member", flag()),
        ("expires", reference("Time")),
        ("approval", flag()),
    ];
    let came = [("id", reference("Id32")), ("short", text()), ("asked", reference("Time"))];
    let approved = [("approved", reference("Time")), ("approved_by", reference("PersonName"))];
    let newcomer = object(&came, &approved);
    put("Invitation", object(&open, &[("by", reference("PersonName")), ("newcomer", newcomer)]));
    put("ApproveNewcomer", object(&[("node", reference("Id32"))], &[]));
    put("InvitationPage", page("Invitation"));
    trust_acts(&mut put);
    revocations(&mut put);
    put("ChallengePeer", object(&[], &[("index", count())]));
    put("AcceptEpoch", object(&[("epoch", count())], &[]));
    let chain = json!({ "type": "array", "items": reference("Hex"), "minItems": 1, "maxItems": 6 });
    let addresses = json!({ "type": "array", "items": text(), "maxItems": 8 });
    put("InstallCertificates", object(&[("chain", chain)], &[("addresses", addresses)]));
    state(&mut put);
    let held = [
        ("position", count()),
        ("from", reference("NodeName")),
        ("record", reference("Id32")),
        ("case", reference("Id16")),
        ("why", text()),
    ];
    put("Quarantined", object(&held, &[]));
    put("QuarantinePage", page("Quarantined"));
}

fn trust_acts(put: &mut impl FnMut(&str, Value)) {
    let act = one_of(&TrustAct::KEYS);
    let invited = [
        ("name", text()),
        ("level", reference("Named")),
        ("area", text()),
        ("member", flag()),
        ("approval", flag()),
        ("expires", reference("Time")),
    ];
    let perhaps = [
        ("by", reference("PersonName")),
        ("role", reference("Named")),
        ("node", reference("NodeName")),
        ("invitation", reference("Id32")),
        ("invited", object(&invited, &[])),
        ("reason", one_of(&["ended", "moved", "compromised"])),
        ("epoch", count()),
    ];
    let always = [("record", reference("Id32")), ("time", reference("Time")), ("act", act)];
    put("TrustAct", object(&always, &perhaps));
    put("TrustActPage", page("TrustAct"));
}

fn revocations(put: &mut impl FnMut(&str, Value)) {
    let reason = || one_of(&["ended", "moved", "compromised"]);
    let last_good = || object(&[("epoch", count()), ("seq", count())], &[]);
    let entry = [
        ("node", reference("NodeName")),
        ("serial", count()),
        ("since", reference("Time")),
        ("reason", reason()),
        ("until", reference("Time")),
    ];
    let list_of = [
        ("number", count()),
        ("issued", reference("Time")),
        ("next_update", reference("Time")),
        ("overdue", flag()),
        ("revoked", list(object(&entry, &[("last_good", last_good())]))),
    ];
    let lists = list(object(&list_of, &[("issuer", reference("NodeName"))]));
    put("Revocations", object(&[("status", trust()), ("lists", lists)], &[]));
    let revoke = [("node", reference("Id32")), ("reason", reason())];
    let may = json!({ "anyOf": [last_good(), { "type": "null" }] });
    put("Revoke", object(&revoke, &[("last_good", may)]));
    let chain = json!({ "type": "array", "items": reference("Hex"), "maxItems": 6 });
    put("InstallRevocationList", object(&[("list", reference("Hex"))], &[("chain", chain)]));
}

/// How the node is doing.
fn state(put: &mut impl FnMut(&str, Value)) {
    let finding = [
        ("state", one_of(&["wrong", "watch", "good"])),
        ("what", text()),
        ("zh", text()),
        ("en", text()),
    ];
    put("Findings", object(&[("findings", list(object(&finding, &[])))], &[]));
    let log = [("epoch", count()), ("size", count()), ("root", reference("Id32"))];
    let needs = [("journal_bytes", count()), ("index_lag", count())];
    let may = [
        ("free_bytes", count()),
        ("read_only", text()),
        ("frozen", text()),
        ("log", object(&log, &[])),
    ];
    put("Storage", object(&needs, &may));
}

fn trust() -> Value {
    one_of(&["good", "stale", "revoked"])
}

fn who() -> Vec<Property<'static>> {
    vec![
        ("id", reference("Id32")),
        ("short", text()),
        ("name", text()),
        ("level", reference("Named")),
        ("area", reference("Area")),
        ("certificate", reference("Validity")),
    ]
}

/// What a peer is to a node.
const RELATIONS: &[&str] = &["parent", "child", "unit", "former_parent", "former_child", "other"];

fn peer() -> Value {
    let head = || object(&[("number", count())], &[("link", reference("Id32"))]);
    let mut needs = who();
    needs.extend([
        ("relation", one_of(RELATIONS)),
        ("trust", trust()),
        ("addresses", list(text())),
        ("connected", flag()),
        ("received", head()),
        ("sent", head()),
        ("acknowledged", count()),
        ("lag", count()),
    ]);
    let state = [
        ("epoch", count()),
        ("size", count()),
        ("root", reference("Id32")),
        ("time", reference("Time")),
    ];
    let may = [
        ("trouble", text()),
        ("software", text()),
        ("last_sync", reference("Time")),
        ("reopened", count()),
        ("forked", object(&[("epoch", count()), ("number", count())], &[])),
        ("opened", object(&[("index", count()), ("time", reference("Time"))], &[])),
        ("unopened", object(&[("index", count()), ("time", reference("Time"))], &[])),
        ("witnessed", object(&state, &[])),
        ("countersigned", reference("Countersigned")),
    ];
    object(&needs, &may)
}

fn invite() -> Value {
    let name = json!({ "type": "string", "minLength": 1, "maxLength": 64, "pattern": PATTERN });
    let level = json!({ "type": "string", "pattern": "^[a-z0-9_-]{1,32}$" });
    let hours = json!({ "type": "integer", "minimum": 1, "maximum": 720, "default": 24 });
    let needs = [("name", name), ("level", level), ("area", reference("Area"))];
    let approval = json!({ "type": "boolean", "default": true });
    object(&needs, &[("member", flag()), ("hours", hours), ("approval", approval)])
}
